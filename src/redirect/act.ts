/** The write. Every Redirect leads into our own dialplan file; see README.md. */
import { OWN_CONTEXT } from './look.js';
import type { Pbx } from './ports.js';

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

export type Acted = { done: true } | { done: false; why: string };

/** Why it is too late to act, or not ours to; null when it is neither. `waitsSince` by the PBX's clock. */
export function whyTooLate(pbx: Pbx, waitsSince: number, waitSeconds: number, now: number): string | null {
  if (pbx.leaseLeftMs() < LEASE_LEFT_MS) return 'the lease of this PBX runs out';
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
  try {
    const answers = await pbx.batch(actions, ACT_MS);
    const last = answers.at(-1);
    if (last?.status === 'fulfilled') return { done: true };
    return { done: false, why: textOf(last?.reason) };
  } catch (error) {
    return { done: false, why: textOf(error) };
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
