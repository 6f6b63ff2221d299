import { retailcrmUnderTest } from '../../standins/retailcrm/under-test.js';
import { contractSuite } from '../contract-suite.js';

contractSuite(retailcrmUnderTest);
