import { bitrix24UnderTest } from '../../standins/bitrix24/under-test.js';
import { contractSuite } from '../contract-suite.js';

contractSuite(bitrix24UnderTest);
