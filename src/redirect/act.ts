/** The write. Every Redirect leads into our own dialplan file; see README.md. */
import { TrunklineError } from '../platform/errors.js';
import { OWN_CONTEXT } from './look.js';
import type { Pbx, PbxMessage, RedirectAction } from './ports.js';

const ACT_MS = 2_000;
/** With less of the lease left another daemon may own the PBX before the write is read. */
const LEASE_LEFT_MS = 3_000;
/** So long before the wait's own end nothing is done any more. */
const MARGIN_MS = 2_000;

export interface Order {
  uid: string;
  /** Null: the default route. */
  target: string | null;
  name: string | null;
}

/** What was done. `action` is null when no answer told: it may have been done or not. */
export interface Acted {
  action: RedirectAction | null;
  /** Why it is not what was ordered; null when it is. */
  why: string | null;
}

/** True while another daemon may soon act here in our place. */
export function leaseRunsOut(pbx: Pbx): boolean {
  return pbx.leaseLeftMs() < LEASE_LEFT_MS;
}

/** Why it is too late to act; null when it is not. `waitsSince` by the PBX's clock, `now` by ours. */
export function whyTooLate(pbx: Pbx, waitsSince: number, waitSeconds: number, now: number): string | null {
  const waitedMs = now + (pbx.skewMs() ?? 0) - waitsSince;
  if (waitedMs <= waitSeconds * 1_000 - MARGIN_MS) return null;
  return `the call has waited ${(waitedMs / 1_000).toFixed(1)} s of ${waitSeconds}`;
}

export async function carryOut(pbx: Pbx, { uid, target, name }: Order): Promise<Acted> {
  const set = (variable: string, value: string) => ({
    name: 'Setvar',
    headers: { Channel: uid, Variable: variable, Value: value },
  });
  const actions = [
    ...(name === null ? [] : [set('CALLERID(name)', name)]),
    ...(target === null ? [] : [set('WHO', target)]),
    {
      name: 'Redirect',
      headers: { Channel: uid, Context: OWN_CONTEXT, Exten: target === null ? 'release' : 'go', Priority: '1' },
    },
  ];
  let answers: PromiseSettledResult<PbxMessage>[];
  try {
    answers = await pbx.batch(actions, ACT_MS);
  } catch (error) {
    return notDone(error);
  }
  const redirected = answers.at(-1);
  if (redirected?.status !== 'fulfilled') return notDone(redirected?.reason);
  const who = target === null ? undefined : answers.at(-2);
  // Without a target our dialplan sends the call where calls go that nobody owns.
  if (who?.status === 'rejected' && isRefusal(who.reason)) return { action: 'release', why: textOf(who.reason) };
  return { action: target === null ? 'release' : 'go', why: null };
}

/** Refused is not done; of what was never answered nobody knows. */
function notDone(error: unknown): Acted {
  return { action: isRefusal(error) ? 'nothing' : null, why: textOf(error) };
}

function isRefusal(error: unknown): boolean {
  return error instanceof TrunklineError && error.code === 'AMI_REFUSED';
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
