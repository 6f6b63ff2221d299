/**
 * What the configuration file may set beyond the environment: times and amounts of the parts. Each part owns its
 * defaults; what is left out here is left to it. Milliseconds unless a name says otherwise.
 */
import { z } from 'zod';

const ms = z
  .number()
  .min(0)
  .max(365 * 24 * 3_600_000);
const share = z.number().min(0).max(1);
const count = z.number().int().min(1);

/** Every key may be left out; a key that is none is a mistake and is told. */
function section<S extends z.core.$ZodShape>(shape: S) {
  return z.strictObject(shape);
}

const backoff = section({ baseMs: ms.exactOptional(), maxMs: ms.exactOptional() });

/** By what a delivery is for: opening a card, closing it, the finished call. */
function byClass<S extends z.ZodType>(each: S) {
  return section({ perishable: each.exactOptional(), closing: each.exactOptional(), durable: each.exactOptional() });
}

const delivery = section({
  lifeMs: byClass(ms).exactOptional(),
  backoff: byClass(backoff).exactOptional(),
  retryAfterMaxMs: ms.exactOptional(),
  attemptMs: ms.exactOptional(),
  leaseMs: ms.exactOptional(),
  limitLeaseMs: ms.exactOptional(),
  limitIdleMs: ms.exactOptional(),
  parallel: count.exactOptional(),
  cardSlots: z.number().int().min(0).exactOptional(),
  finishShare: share.exactOptional(),
  breaker: section({
    windowMs: ms.exactOptional(),
    minAttempts: count.exactOptional(),
    failureRatio: share.exactOptional(),
    openMs: ms.exactOptional(),
    maxOpenMs: ms.exactOptional(),
  }).exactOptional(),
  pauseProbeMs: ms.exactOptional(),
  pollMs: ms.exactOptional(),
  stopMs: ms.exactOptional(),
});

const ami = section({
  connectMs: ms.exactOptional(),
  loginMs: ms.exactOptional(),
  pingEveryMs: ms.exactOptional(),
  pingMs: ms.exactOptional(),
  actionMs: ms.exactOptional(),
  listMs: ms.exactOptional(),
  stableMs: ms.exactOptional(),
  backoff: section({
    firstMs: ms.exactOptional(),
    maxMs: ms.exactOptional(),
    authFirstMs: ms.exactOptional(),
    authMaxMs: ms.exactOptional(),
  }).exactOptional(),
});

const calls = section({
  ringCollectMs: ms.exactOptional(),
  confirmTimeoutMs: ms.exactOptional(),
  amiIdleMs: ms.exactOptional(),
  webhookIdleMs: ms.exactOptional(),
  webhookWaitMs: ms.exactOptional(),
  webhookTalkMs: ms.exactOptional(),
  webhookSettleMs: ms.exactOptional(),
  webhookLoneMs: ms.exactOptional(),
  lateMs: ms.exactOptional(),
  /** A PBX's lease: how soon another daemon takes over. */
  leaseMs: ms.exactOptional(),
});

const journal = section({
  maxBytes: z
    .number()
    .int()
    .min(1024 * 1024)
    .exactOptional(),
  segmentBytes: z.number().int().min(4096).exactOptional(),
});

const retention = section({
  /** Days of raw facts (`asterisk_logs`). */
  factsDays: count.exactOptional(),
  /** Months of attempts (`integration_logs`). */
  logsMonths: count.exactOptional(),
});

const database = section({
  /** Connections of the pool. */
  poolMax: count.exactOptional(),
});

const recordings = section({
  firstLookMs: ms.exactOptional(),
  stableMs: ms.exactOptional(),
  waitMs: ms.exactOptional(),
  absentMs: ms.exactOptional(),
  unsaidMs: ms.exactOptional(),
  unsoundMs: ms.exactOptional(),
  lookMs: ms.exactOptional(),
  giveUpMs: ms.exactOptional(),
  mostPauseMs: ms.exactOptional(),
  leaseMs: ms.exactOptional(),
  pollMs: ms.exactOptional(),
  parallel: count.exactOptional(),
  /** Where they are kept instead of the data folder. */
  s3: section({
    endpoint: z
      .string()
      .refine((text) => /^https?:\/\//.test(text) && URL.canParse(text), 'is not an http or https address'),
    region: z.string().min(1).default('us-east-1'),
    bucket: z.string().min(1),
    accessKeyId: z.string().min(1),
    secretAccessKey: z.string().min(1),
  })
    .nullable()
    .exactOptional(),
});

const directory = section({ refreshMs: ms.exactOptional() });

const recovery = section({
  /** Nothing of so long ago is looked at. */
  settleMs: ms.exactOptional(),
  pollMs: ms.exactOptional(),
  retryMs: ms.exactOptional(),
  /** PBXs at once. */
  parallel: count.exactOptional(),
});

export const tunables = {
  delivery: delivery.default({}),
  ami: ami.default({}),
  calls: calls.default({}),
  journal: journal.default({}),
  retention: retention.default({}),
  database: database.default({}),
  recordings: recordings.default({}),
  directory: directory.default({}),
  recovery: recovery.default({}),
};

export type Tunables = { [Section in keyof typeof tunables]: z.infer<(typeof tunables)[Section]> };
