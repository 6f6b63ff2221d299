import type { Asterisk } from '../asterisk.js';
import { EXTENSIONS, type Extension } from '../dialplan.js';
import { startAgent, type Agent, type AgentPlans } from './agent.js';

/** An agent in the place of a phone, or of the far end of the trunk: there it is also the clients who call. */
export function startPhoneAgent(
  asterisk: Asterisk,
  who: Extension | 'trunk' | 'reserve',
  takes?: AgentPlans,
  { speaks = false } = {},
): Promise<Agent> {
  const { ports } = asterisk;
  return startAgent({
    port: isExtension(who) ? ports.phone(who) : ports[who],
    pbxPort: asterisk.sipPort,
    user: who,
    headers: [['X-From', who]],
    ...(takes ? { takes } : {}),
    speaks,
  });
}

const isExtension = (who: string): who is Extension => (EXTENSIONS as readonly string[]).includes(who);
