/** What the PBX says of a waiting call and of phones, in one write. Only this is believed, never an event. */
import type { Clock } from '../platform/clock.js';
import type { Pbx, PbxMessage } from './ports.js';

export const WAIT_CONTEXT = 'waitredirect';
/** Where every Redirect leads, and where a dialplan goes that acts itself. */
export const OWN_CONTEXT = 'web-zapros';
const WAITING = new Set(['UserEvent', 'Wait']);
/** A look that takes longer comes too late to act on. */
export const LOOK_MS = 500;

export interface Look {
  /** Null when the call waits to be told where to go; else why nothing may be done to it. */
  whyNot: string | null;
  /** False when it never will. */
  mayWaitYet: boolean;
  /** By what Dial would be given; null where the PBX did not say. */
  states: ReadonlyMap<string, string | null>;
  ms: number;
}

export async function look(
  pbx: Pbx,
  uid: string,
  targets: readonly string[],
  clock: Pick<Clock, 'monotonic'>,
): Promise<Look> {
  const began = clock.monotonic();
  const [channel, states] = await Promise.all([channelOf(pbx, uid), phoneStates(pbx, targets)]);
  const ms = clock.monotonic() - began;
  const mayWaitYet = typeof channel !== 'string' && !channel.get('BridgeID') && channel.get('Context') !== OWN_CONTEXT;
  return {
    whyNot: ms > LOOK_MS ? `the PBX took ${Math.round(ms)} ms to answer` : whyNot(channel),
    mayWaitYet,
    states,
    ms,
  };
}

async function channelOf(pbx: Pbx, uid: string): Promise<PbxMessage | string> {
  try {
    const rows = await pbx.list('Status', { Channel: uid }, LOOK_MS);
    return rows.find((row) => row.name === 'Status' && row.get('Uniqueid') === uid) ?? 'the caller has hung up';
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return /no such channel/i.test(why) ? 'the caller has hung up' : `the PBX did not show the call: ${why}`;
  }
}

function whyNot(channel: PbxMessage | string): string | null {
  if (typeof channel === 'string') return channel;
  if (channel.get('Context') !== WAIT_CONTEXT) return 'the call does not wait any more';
  // The event comes from the step before the wait.
  if (!WAITING.has(channel.get('Application') ?? '')) return 'the call does not wait';
  return channel.get('BridgeID') ? 'the call is answered' : null;
}

/** By what Dial would be given; null where the PBX does not say. */
export async function phoneStates(pbx: Pbx, targets: readonly string[]): Promise<Map<string, string | null>> {
  // A Local channel's state says nothing about the phone behind it.
  const phones = targets.filter((target) => !target.startsWith('Local/'));
  if (phones.length === 0) return new Map();
  const answers = await pbx.batch(
    phones.map((phone) => ({ name: 'Getvar', headers: { Variable: `DEVICE_STATE(${phone})` } })),
    LOOK_MS,
  );
  return new Map(
    phones.map((phone, index) => {
      const answer = answers[index];
      const state = answer?.status === 'fulfilled' ? answer.value.get('Value') : undefined;
      return [phone, state && /^[A-Z_]+$/.test(state) ? state : null];
    }),
  );
}
