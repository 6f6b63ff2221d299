import { amocrmUnderTest } from '../../standins/amocrm/under-test.js';
import { contractSuite } from '../contract-suite.js';

contractSuite(amocrmUnderTest);
