import type { AnyConnector } from './contract.js';
import { retailcrm } from './retailcrm/index.js';

/** Every kind of CRM there is. Adding one is its folder and a line here. */
export const registry: readonly AnyConnector[] = [retailcrm];
