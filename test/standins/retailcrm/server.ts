/** The stand-in lives beside the demo, which must run from a build without the tests. */
export { startRetailCrmStandIn } from '../../../src/cli/demo/standins/retailcrm/server.js';
export type { RetailCrmStandIn, RetailCrmStandInOptions } from '../../../src/cli/demo/standins/retailcrm/server.js';
