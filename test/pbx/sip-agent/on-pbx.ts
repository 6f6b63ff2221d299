import type { Asterisk } from '../asterisk.js';
import type { Extension } from '../dialplan.js';
import type { PhoneOptions } from '../phones.js';
import { startAgent, type Agent } from './agent.js';

/** An agent in the place of a phone, or of the far end of the trunk: there it is also the clients who call. */
export function startPhoneAgent(asterisk: Asterisk, who: Extension | 'trunk', takes?: PhoneOptions): Promise<Agent> {
  return startAgent({
    port: who === 'trunk' ? asterisk.ports.trunk : asterisk.ports.phone(who),
    pbxPort: asterisk.sipPort,
    user: who,
    headers: [['X-From', who]],
    ...(takes ? { takes } : {}),
  });
}
