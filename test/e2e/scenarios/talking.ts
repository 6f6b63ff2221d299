/** What the scenarios of transfers begin with, and what they say of them. */
import type { Extension } from '../../pbx/dialplan.js';
import type { AgentCall } from '../../pbx/sip-agent/call.js';
import type { Scene } from './scene.js';
import type { Truth } from './truth.js';

export const RING_MS = 600;
export const TALK_MS = 2_000;
export const FIRST_TALK_MS = 1_500;

export interface Talk {
  readonly call: AgentCall;
  readonly phone: AgentCall;
}

/** The client talks with `who`, who rang for him. */
export async function talksWith(scene: Scene, who: Extension): Promise<Talk> {
  const call = scene.comesIn(`0002${who}`);
  const phone = await scene.answers(who, RING_MS);
  await scene.pause(FIRST_TALK_MS);
  return { call, phone };
}

export const blind = (from: string, to: string, answered: boolean): Truth['transfers'][number] => ({
  kind: 'blind',
  from,
  to,
  answered,
});
export const attended = (from: string, to: string, answered: boolean): Truth['transfers'][number] => ({
  kind: 'attended',
  from,
  to,
  answered,
});
