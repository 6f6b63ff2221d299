/**
 * The tokens of one account. A long-lived token is used until it is refused. Of an OAuth pair the refresh token is good for one
 * exchange: its answer makes the old one void, so the new pair is stored before it is used, and one refresh token is exchanged
 * once however many requests, or connections made anew in the meantime, ask for it.
 *
 * States of a pair:
 * - good → exchanged: the answer came → stored: committed → good (the new pair).
 * - exchanged and not stored (database away): stored before anything else; until then the old access token serves, which
 *   amoCRM takes to its end.
 * - killed between amoCRM's answer and our commit: the old access token works to its end (at most a day). The exchange that
 *   comes before that end is refused, which is said at once; after it the account waits for a person (`RE_AUTHORISE`), and
 *   everything owed waits with it.
 *
 * When a pair is exchanged: in the last half of its life, at most 12 hours ahead, behind a request that has just been
 * answered, so that no card waits for it; else when the access token is refused. Never before a request: whether requests
 * may leave at all (shadow mode) is not known here.
 *
 * An exchange belongs to no attempt: one that is cut off must not take the only answer with the new pair along.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import type { Failure } from '../contract.js';
import type { Logger } from '../../platform/log.js';
import type { OAuth } from './oauth.js';
import { RE_AUTHORISE, needsPerson, pairOf } from './pair.js';
import type { Pair } from './pair.js';
import type { AmoCrmSettings } from './settings.js';

const AHEAD_MS = 12 * 3_600_000;
/** After a refusal, or a failure ahead of time, the next try waits so long. */
const REFUSED_MS = 10 * 60_000;
const AHEAD_AGAIN_MS = 60_000;

export type Renewed = { ok: true; token: string } | { ok: false; failure: Failure };

export interface Tokens {
  /** What to send now; null before anybody has let us in. */
  current(): string | null;
  /** After amoCRM refused this token: one to try instead. */
  renew(refused: string, signal: AbortSignal | undefined): Promise<Renewed>;
  /** After a request that went well: exchanges the pair when its time has come. */
  ahead(): void;
  /** Stores a pair a person has let us have. @throws when it cannot be stored */
  adopt(pair: Pair): Promise<void>;
  /** Why the account will need a person soon; null when it will not. */
  problem(): string | null;
  /** Unix ms at which the access token ends, when it says so. */
  expiresAt(): number | null;
  /** Values that must not be written down. */
  secrets(): (string | null)[];
  /** Resolves when no exchange is under way. */
  settled(): Promise<void>;
}

export interface TokensDeps {
  oauth: OAuth;
  keep: ((fields: Record<string, string>) => Promise<void>) | null;
  log: Logger;
}

/** The way of one refresh token, for every connection that has it. */
interface Exchange {
  running: Promise<Renewed> | null;
  pair: Pair | null;
  stored: boolean;
  refused: { at: number; failure: Failure } | null;
}

const exchanges = new Map<string, Exchange>();

export function createTokens(settings: AmoCrmSettings, { oauth, keep, log }: TokensDeps): Tokens {
  let pair: Pair | null =
    settings.access_token === null ? null : pairOf(settings.access_token, settings.refresh_token, null, Date.now());
  let former: string | null = null;
  let aheadAt = 0;
  // Connections are made outside of attempts: what runs in this context is neither recorded with one nor cut with it.
  const outside = AsyncLocalStorage.snapshot();

  const keyOf = (refresh: string) =>
    createHash('sha256')
      .update([settings.origin, settings.client_id, settings.client_secret, settings.redirect_uri, refresh].join('\n'))
      .digest('hex');

  function exchangeOf(refresh: string): Exchange {
    const key = keyOf(refresh);
    const known = exchanges.get(key) ?? { running: null, pair: null, stored: false, refused: null };
    exchanges.set(key, known);
    return known;
  }

  async function run(exchange: Exchange, refresh: string): Promise<Renewed> {
    if (!keep) return { ok: false, failure: needsPerson('renewed tokens can be stored nowhere here') };
    if (exchange.pair === null) {
      if (exchange.refused && Date.now() - exchange.refused.at < REFUSED_MS)
        return { ok: false, failure: exchange.refused.failure };
      const answer = await oauth.refresh(refresh);
      if (!answer.ok) {
        if (answer.failure.code === RE_AUTHORISE) {
          exchange.refused = { at: Date.now(), failure: answer.failure };
          log.error(
            { code: answer.failure.code, why: answer.failure.why },
            'the tokens of the account cannot be renewed',
          );
        }
        return answer;
      }
      exchange.pair = answer.pair;
    }
    if (!exchange.stored) {
      try {
        await keep(fieldsOf(exchange.pair));
      } catch (error) {
        log.error({ err: error }, 'renewed tokens could not be stored; they are not used before they are');
        return {
          ok: false,
          failure: { kind: 'retry', code: 'TOKENS_NOT_STORED', why: 'the renewed tokens could not be stored yet' },
        };
      }
      exchange.stored = true;
      log.info({ host: new URL(settings.origin).host }, 'the tokens of the account were renewed');
    }
    return { ok: true, token: exchange.pair.access };
  }

  /** Joins the exchange of this refresh token, or begins it. */
  async function exchanged(refresh: string): Promise<Renewed> {
    const exchange = exchangeOf(refresh);
    exchange.running ??= outside(() => run(exchange, refresh)).finally(() => (exchange.running = null));
    const renewed = await exchange.running;
    if (renewed.ok && exchange.pair && pair?.refresh === refresh) {
      // Whoever still has the token before this one is two pairs behind: nobody.
      if (former !== null) exchanges.delete(keyOf(former));
      former = refresh;
      pair = exchange.pair;
    }
    return renewed;
  }

  return {
    current: () => pair?.access ?? null,
    async renew(refused, signal) {
      if (pair && pair.access !== refused) return { ok: true, token: pair.access };
      if (!pair) return { ok: false, failure: needsPerson('nobody has let us into the account yet') };
      if (pair.refresh === null)
        return {
          ok: false,
          failure: needsPerson(
            'amoCRM refuses the access token (401): it was revoked, has ended, or is of another account',
          ),
        };
      return (await orAborted(exchanged(pair.refresh), signal)) ?? { ok: false, failure: ABORTED };
    },
    ahead() {
      const now = Date.now();
      if (!keep || !pair?.refresh || pair.expiresAt === null || now < aheadAt) return;
      if (pair.expiresAt - now > Math.min(AHEAD_MS, pair.lifeMs / 2)) return;
      aheadAt = now + AHEAD_AGAIN_MS;
      exchanged(pair.refresh).then(
        (renewed) => {
          if (renewed.ok) aheadAt = 0;
        },
        (error: unknown) => log.error({ err: error }, 'the tokens of the account could not be renewed'),
      );
    },
    async adopt(fresh) {
      if (!keep) throw new Error('tokens can be stored nowhere here');
      await keep(fieldsOf(fresh));
      pair = fresh;
    },
    problem() {
      const refused = pair?.refresh ? exchanges.get(keyOf(pair.refresh))?.refused : null;
      return refused ? refused.failure.why : null;
    },
    expiresAt: () => pair?.expiresAt ?? null,
    secrets: () => [
      settings.access_token,
      settings.refresh_token,
      settings.client_secret,
      pair?.access ?? null,
      pair?.refresh ?? null,
    ],
    async settled() {
      const running = pair?.refresh ? exchanges.get(keyOf(pair.refresh))?.running : null;
      await running?.catch(() => undefined);
    },
  };
}

const ABORTED: Failure = { kind: 'retry', code: 'ABORTED', why: 'stopped by us while the tokens were renewed' };

function fieldsOf({ access, refresh }: Pair): Record<string, string> {
  return { access_token: access, ...(refresh === null ? {} : { refresh_token: refresh }) };
}

/** Null when the signal comes first; the exchange goes on. */
async function orAborted(renewing: Promise<Renewed>, signal: AbortSignal | undefined): Promise<Renewed | null> {
  if (!signal) return renewing;
  if (signal.aborted) return null;
  let stop: () => void = () => undefined;
  const aborted = new Promise<null>((resolve) => {
    stop = () => resolve(null);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([renewing, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
