import type { Tunables } from '../../src/config/tunables.js';

/** An hour and more of patience cut to what a trial can wait for; nothing else differs from the defaults. */
export const FULL_TIMES: Partial<Tunables> = {
  calls: { webhookIdleMs: 5_000, webhookWaitMs: 20_000, webhookTalkMs: 20_000 },
};

/** Everything shorter, for trials of seconds. */
export const SHORT_TIMES: Partial<Tunables> = {
  ami: {
    connectMs: 2_000,
    loginMs: 4_000,
    pingEveryMs: 500,
    pingMs: 1_000,
    backoff: { firstMs: 50, maxMs: 500 },
  },
  calls: {
    ...FULL_TIMES.calls,
    webhookIdleMs: 1_000,
    webhookWaitMs: 3_000,
    webhookTalkMs: 3_000,
    webhookSettleMs: 500,
    webhookLoneMs: 500,
  },
  recovery: { settleMs: 1_500, pollMs: 300, retryMs: 500 },
  delivery: {
    backoff: {
      perishable: { baseMs: 100, maxMs: 500 },
      closing: { baseMs: 200, maxMs: 1_000 },
      durable: { baseMs: 200, maxMs: 1_000 },
    },
    attemptMs: 2_000,
    leaseMs: 4_000,
    breaker: { windowMs: 5_000, openMs: 300, maxOpenMs: 1_000 },
    pollMs: 200,
  },
};
