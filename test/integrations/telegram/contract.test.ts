import { telegramUnderTest } from '../../standins/telegram/under-test.js';
import { contractSuite } from '../contract-suite.js';

contractSuite(telegramUnderTest);
