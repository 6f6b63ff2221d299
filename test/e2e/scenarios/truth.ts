/**
 * What a call was, told by those who made it: the SIP messages of the phones and the clients, and what the scenario had
 * them do. Nothing of it passed through the code under test.
 */
import type { Direction, Transfer } from '../../../src/calls/vocabulary.js';

type Span = readonly [from: number, to: number];

export interface Truth {
  /** How Asterisk's own records know it: the tag in the caller's name, who called whom, or its unique id. */
  readonly find: { readonly tag: string } | { readonly src: string; readonly dst: string } | { readonly uid: string };
  readonly direction: Direction;
  readonly external: string | null;
  readonly line: string | null;
  readonly caller: string | null;
  /** Whose phone rang before the first answer. */
  readonly rang: readonly string[];
  /** Who else rang for the client after that. */
  readonly rangLater: readonly string[];
  /** Who of the staff talked with the client, in order. */
  readonly agents: readonly string[];
  readonly transfers: readonly Pick<Transfer, 'kind' | 'from' | 'to' | 'answered'>[];
  readonly hold: boolean;
  readonly recorded: boolean;
  readonly queue: string | null;
  readonly result: 'answered' | 'missed' | 'busy' | 'abandoned' | 'failed';
  /** Of Asterisk's record; ANSWERED also where the dialplan answers before anybody does. */
  readonly disposition: 'ANSWERED' | 'NO ANSWER' | 'BUSY' | 'FAILED' | 'CONGESTION';
  /** Asterisk's billed seconds are those of the talk: nothing answered before, nobody was sent elsewhere. */
  readonly billed: boolean;
  /** Epoch ms: the INVITE, the first 180 a phone sent, the last BYE or refusal. */
  readonly startedAt: number;
  readonly ringAt: number | null;
  readonly endedAt: number;
  /** When the client and somebody of the staff could hear each other. */
  readonly talks: readonly Span[];
}

export const answeredAt = (truth: Truth): number | null => truth.talks[0]?.[0] ?? null;

export function secondsOf(truth: Truth): { wait: number; talk: number; span: number } {
  const { talks, endedAt } = truth;
  const first = answeredAt(truth);
  const wait = (first ?? endedAt) - (truth.ringAt ?? truth.startedAt);
  const talk = talks.reduce((sum, [from, to]) => sum + to - from, 0);
  return {
    wait: wait / 1_000,
    talk: talk / 1_000,
    span: first === null ? 0 : ((talks.at(-1)?.[1] ?? first) - first) / 1_000,
  };
}
