/** What the PBX says of a waiting call, of our dialplan and of phones. Only this is believed, never an event. */
import type { Clock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import type { Pbx, PbxMessage } from './ports.js';

export const WAIT_CONTEXT = 'waitredirect';
/** Where every Redirect leads, and where a dialplan goes that acts itself. */
export const OWN_CONTEXT = 'web-zapros';
const WAITING = new Set(['UserEvent', 'Wait']);
/** A look that takes longer comes too late to act on. */
export const LOOK_MS = 500;
const OURS_IS_THERE = `DIALPLAN_EXISTS(${OWN_CONTEXT},release,1)`;

export interface Look {
  /** Null when the call waits to be told where to go; else why nothing may be done to it. */
  whyNot: string | null;
  /** The PBX said nothing, or too late: `slow`, it may be asked again; `lost`, there is no link to ask by. Null: it told. */
  unseen: 'slow' | 'lost' | null;
  /** False when it never will. */
  mayWaitYet: boolean;
  /** By what Dial would be given; null where the PBX did not say. */
  states: ReadonlyMap<string, string | null>;
}

export async function look(
  pbx: Pbx,
  uid: string,
  targets: readonly string[],
  clock: Pick<Clock, 'monotonic'>,
): Promise<Look> {
  const began = clock.monotonic();
  try {
    const [channel, [ours = null], states] = await Promise.all([
      channelOf(pbx, uid),
      valuesOf(pbx, [OURS_IS_THERE]),
      phoneStates(pbx, targets),
    ]);
    const ms = clock.monotonic() - began;
    if (ms > LOOK_MS) return unseen('slow', `the PBX took ${Math.round(ms)} ms to answer`);
    return {
      whyNot: ours === '0' ? `the context ${OWN_CONTEXT} is not in the dialplan any more` : whyNot(channel),
      unseen: null,
      mayWaitYet: channel !== null && !channel.get('BridgeID') && channel.get('Context') !== OWN_CONTEXT,
      states,
    };
  } catch (error) {
    const code = error instanceof TrunklineError ? error.code : null;
    const why = `the PBX did not show the call: ${error instanceof Error ? error.message : String(error)}`;
    if (code === 'AMI_TIMEOUT') return unseen('slow', why);
    if (code === 'AMI_LOST') return unseen('lost', why);
    return { whyNot: why, unseen: null, mayWaitYet: false, states: new Map() };
  }
}

function unseen(how: 'slow' | 'lost', whyNot: string): Look {
  return { whyNot, unseen: how, mayWaitYet: how === 'slow', states: new Map() };
}

/** Null when it has hung up. */
async function channelOf(pbx: Pbx, uid: string): Promise<PbxMessage | null> {
  try {
    const rows = await pbx.list('Status', { Channel: uid }, LOOK_MS);
    return rows.find((row) => row.name === 'Status' && row.get('Uniqueid') === uid) ?? null;
  } catch (error) {
    if (error instanceof Error && /no such channel/i.test(error.message)) return null;
    throw error;
  }
}

function whyNot(channel: PbxMessage | null): string | null {
  if (channel === null) return 'the caller has hung up';
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
  const states = await valuesOf(
    pbx,
    phones.map((phone) => `DEVICE_STATE(${phone})`),
  );
  return new Map(
    phones.map((phone, index) => {
      const state = states[index];
      return [phone, state && /^[A-Z_]+$/.test(state) ? state : null];
    }),
  );
}

/** In one write, of a channel or of the PBX. Null where it says nothing. */
export async function valuesOf(pbx: Pbx, variables: readonly string[], uid?: string): Promise<(string | null)[]> {
  const where = uid === undefined ? {} : { Channel: uid };
  const answers = await pbx.batch(
    variables.map((name) => ({ name: 'Getvar', headers: { ...where, Variable: name } })),
    LOOK_MS,
  );
  return answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.get('Value') || null : null));
}
