import type { Stage } from './stage.js';

/**
 * What a call was: who by what the scenario's people did, when by what their ends' SIP messages show. Written down beside
 * the recorded bytes, so it is plain JSON.
 */
export interface TrueTransfer {
  readonly kind: 'blind' | 'attended';
  readonly from: string;
  /** Null only where posts are all there is, and nobody says it. */
  readonly to: string | null;
  readonly answered: boolean;
}

export interface TrueCall {
  readonly direction: 'in' | 'out' | 'internal';
  readonly external: string | null;
  readonly line: string | null;
  /** Who placed an outgoing or internal call. */
  readonly caller: string | null;
  readonly rang: readonly string[];
  readonly answeredBy: string | null;
  readonly agents: readonly string[];
  readonly transfers: readonly TrueTransfer[];
  readonly result: 'answered' | 'missed' | 'busy' | 'abandoned' | 'failed';
  /** First ring, else start, to answer or end. */
  readonly waitMs: number;
  /** While the client could be heard by somebody of the staff. */
  readonly talkMs: number;
  readonly spanMs: number;
}

/** What webhooks cannot tell, and what they say instead. */
export type ByPosts = Partial<Pick<TrueCall, 'rang' | 'result' | 'line' | 'transfers'>>;

export interface Scenario {
  /** As the catalogue numbers it. */
  readonly id: string;
  readonly name: string;
  /** The call it is about first, then others that went on beside it. Empty: there was none. */
  play(stage: Stage): Promise<Told[]>;
}

type Interval = readonly [from: number, to: number];

/** A call as a scenario tells it, with the moments its seconds come from. */
export interface Told {
  readonly call: Omit<TrueCall, 'waitMs' | 'talkMs' | 'spanMs'>;
  readonly wait: Interval;
  readonly talk: readonly Interval[];
  readonly byPosts?: ByPosts;
}

/** What a call was, and what posts are to say of it instead. */
export type TrueRecord = TrueCall & { readonly byPosts?: ByPosts };

export function measured({ call, wait, talk, byPosts }: Told): TrueRecord {
  const first = talk[0];
  const last = talk.at(-1);
  return {
    ...call,
    waitMs: Math.round(wait[1] - wait[0]),
    talkMs: Math.round(talk.reduce((sum, [from, to]) => sum + to - from, 0)),
    spanMs: first && last ? Math.round(last[1] - first[0]) : 0,
    ...(byPosts && Object.keys(byPosts).length > 0 ? { byPosts } : {}),
  };
}
