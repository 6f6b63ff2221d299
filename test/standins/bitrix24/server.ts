/** The stand-in lives beside the demo, which must run from a build without the tests. */
export { startBitrix24StandIn } from '../../../src/cli/demo/standins/bitrix24/server.js';
export type { Bitrix24StandIn, Bitrix24StandInOptions } from '../../../src/cli/demo/standins/bitrix24/server.js';
