/** The stand-in lives beside the demo, which must run from a build without the tests. */
export { INTEGRATION, startAmoCrmStandIn } from '../../../src/cli/demo/standins/amocrm/server.js';
export type { AmoCrmStandIn, AmoCrmStandInOptions } from '../../../src/cli/demo/standins/amocrm/server.js';
