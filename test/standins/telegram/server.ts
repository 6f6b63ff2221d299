/** The stand-in lives beside the demo, which must run from a build without the tests. */
export { startTelegramStandIn } from '../../../src/cli/demo/standins/telegram/server.js';
export type { TelegramStandIn, TelegramStandInOptions } from '../../../src/cli/demo/standins/telegram/server.js';
