/** Recordings joined to the rest: calls that end, CRMs that are told, PBXs and their hosts. Part of the composition, beside app.ts. */
import { join } from 'node:path';
import fastifyCookie from '@fastify/cookie';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CallEvent, CallFacts } from './calls/vocabulary.js';
import type { Enterprise } from './config/enterprise.js';
import type { AppConfig } from './config/env.js';
import { createHostKeys } from './db/host-keys.js';
import type { Pool, PoolClient } from './db/pool.js';
import type { LaneId } from './delivery/ports.js';
import { addRecording, releaseForRecording } from './delivery/store.js';
import type { Owed } from './delivery/outbox.js';
import type { Directory } from './integrations/directory.js';
import type { Step } from './integrations/contract.js';
import type { Clock } from './platform/clock.js';
import { createHttpStreams } from './platform/http-streams.js';
import type { Logger } from './platform/log.js';
import type { Metrics } from './platform/metrics.js';
import { keepInFolder } from './recordings/folder-keep.js';
import { endingOf, linkTo, newToken, pathOf } from './recordings/names.js';
import { createOpener } from './recordings/opener.js';
import { recordingsPlugin } from './recordings/plugin.js';
import type { RecordingEnterprise } from './recordings/ports.js';
import * as store from './recordings/recordings-store.js';
import { keepInS3 } from './recordings/s3-keep.js';
import { DEFAULT_LANE } from './recordings/settings.js';
import { createSources } from './recordings/sources.js';
import { createSweep } from './recordings/sweep.js';
import { createRecordingLane } from './recordings/worker.js';

export interface RecordingsJointDeps {
  pool: Pool;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  config: Pick<AppConfig, 'dataDir' | 'publicUrl' | 'recordings'>;
  directory: Pick<Directory, 'byNumber'>;
  /** What integrations are owed for an event of a call, as for any other. */
  owe(tx: PoolClient, event: CallEvent): Promise<() => void>;
  wake(lanes: readonly LaneId[]): void;
  /** Whether a request, its cookies read, is of somebody who is logged in and may see this enterprise. */
  mayHear(request: FastifyRequest, enterprise: string): Promise<boolean>;
}

/** What a finished call's recording means for those who are told of it. */
export interface Expected {
  link: string | null;
  waitMs: number;
}

export interface RecordingsJoint {
  /** In the transaction of these events: recordings of finished calls are looked for from now on. Of others nothing is said. */
  expect(tx: PoolClient, events: readonly CallEvent[]): Promise<Map<CallEvent, Expected>>;
  /** After that transaction. */
  kick(): void;
  plugin(app: FastifyInstance): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
  /** Why recordings cannot be kept just now. */
  trouble(): string | null;
  /** For whoever may see the call: what became of its recording, and where it plays, below the public address. */
  recordingOf(callId: string): Promise<{ state: store.RecordingState; path: string | null } | null>;
  close(): Promise<void>;
}

export function createRecordingsJoint(deps: RecordingsJointDeps): RecordingsJoint {
  const { pool, clock, log, metrics, directory } = deps;
  const { dataDir, publicUrl } = deps.config;
  const { s3, ...given } = deps.config.recordings;
  const settings = { ...DEFAULT_LANE, ...given };
  const streams = createHttpStreams();
  const folder = keepInFolder(join(dataDir, 'recordings'));
  const keep = s3 ? keepInS3(streams, s3) : folder;
  const keeps = { folder, [keep.kind]: keep };
  const stopping = new AbortController();
  const sources = createSources({ streams, hostKeys: createHostKeys(pool), clock, signal: stopping.signal });
  const came = metrics.counter('recordings_total', 'Recordings by what came of them', ['outcome']);
  const served = metrics.counter('recordings_asked_total', 'Requests for recordings by how they were answered', [
    'outcome',
  ]);
  const waiting = metrics.gauge('recordings_looked_for', 'Recordings that are still looked for', { labels: ['state'] });

  const lane = createRecordingLane({
    pool,
    clock,
    log,
    settings,
    sources,
    keep,
    workFolder: join(dataDir, 'recordings-work'),
    enterprise: (number) => recordingEnterprise(directory.byNumber(number)),
    onReady: (tx, event) => deps.owe(tx, event),
    async onKnown(tx, callId, link, late) {
      if (late && link !== null) await addRecording(tx, callId, link);
      if (late) return () => undefined;
      const lanes = await releaseForRecording(tx, { callId, link, heldMs: settings.waitMs });
      return () => deps.wake(lanes);
    },
    count: (outcome) => came.inc({ outcome }),
  });
  const sweep = createSweep({ pool, clock, log, keeps, onRemoved: () => came.inc({ outcome: 'removed' }) });
  const opener = createOpener({ pool, keeps, clock, kick: () => lane.kick() });

  function wantedOf({ kind, call }: CallEvent): store.NewRecording | null {
    const enterprise = directory.byNumber(call.enterprise);
    if (kind !== 'call.finished' || call.result !== 'answered' || !enterprise?.recordings) return null;
    const token = newToken();
    return {
      call,
      token,
      link: publicUrl === null ? null : linkTo(publicUrl, token, enterprise.recordings.format),
      absentMs: saysOfRecordings(enterprise, call) ? settings.unsaidMs : settings.absentMs,
      firstLookMs: settings.firstLookMs,
    };
  }

  async function expect(tx: PoolClient, events: readonly CallEvent[]): Promise<Map<CallEvent, Expected>> {
    const wanted = events.flatMap((event) => {
      const one = wantedOf(event);
      return one ? [{ event, one }] : [];
    });
    const links = await store.expectRecordings(
      tx,
      wanted.map(({ one }) => one),
    );
    const { waitMs } = settings;
    return new Map(wanted.map(({ event }) => [event, { link: links.get(event.call.id) ?? null, waitMs }]));
  }

  async function gauge(): Promise<void> {
    waiting.reset();
    for (const { state, count } of await store.countByState(pool)) waiting.set({ state }, count);
  }

  async function count(signal: AbortSignal): Promise<void> {
    for (; !signal.aborted; await clock.sleep(GAUGE_MS, signal)) await gauge().catch(() => undefined);
  }

  return {
    expect,
    kick: () => lane.kick(),
    async plugin(app) {
      await app.register(fastifyCookie);
      await recordingsPlugin(app, {
        find: (token) => opener.byToken(token),
        open: (keptIn, key, range) => opener.open(keptIn, key, range),
        enterprise(number) {
          const found = directory.byNumber(number);
          return found && { timezone: found.timezone, linkDays: found.recordings?.linkDays ?? null };
        },
        mayHear: (request, enterprise) => deps.mayHear(request, enterprise),
        clock,
        log,
        count: (outcome) => served.inc({ outcome }),
      });
    },
    async run(signal) {
      // A lane that cannot go on ends what runs beside it, or whoever keeps it running would never hear of it.
      const over = new AbortController();
      const until = AbortSignal.any([signal, over.signal]);
      const beside = [count(until), sweep.run(until)];
      try {
        await lane.run(signal);
      } finally {
        over.abort();
        sources.close();
        await Promise.all(beside);
      }
    },
    trouble: () => lane.trouble(),
    async recordingOf(callId) {
      const found = await opener.byCall(callId);
      if (!found) return null;
      const { state, token, key } = found;
      return { state, path: state === 'ready' && key !== null ? pathOf(token, endingOf(key)) : null };
    },
    async close() {
      stopping.abort();
      sources.close();
      await streams.close();
    },
  };
}

const GAUGE_MS = 15_000;

/** A PBX with a link tells when it begins to record; of a call that was seen whole its silence counts, somewhat. */
function saysOfRecordings({ pbx, sources }: Enterprise, { recorded, approximate, recovered }: CallFacts): boolean {
  return pbx !== null && sources.includes('ami') && !recorded && !approximate && !recovered;
}

function recordingEnterprise(enterprise: Enterprise | null): RecordingEnterprise | null {
  if (!enterprise?.recordings) return null;
  return { number: enterprise.number, recordings: enterprise.recordings, ssh: enterprise.ssh };
}

/**
 * What one integration is owed for a finished call whose recording is on its way: steps that wait for it, or show its address at once, get
 * that; the others know of none yet.
 */
export function owedWithRecording(owed: Owed, { link, waitMs }: Expected): Owed[] {
  return owed.steps.map((step: Step) => {
    const given = step.recording === undefined ? null : link;
    const awaits = step.recording === 'awaited' && link !== null;
    return {
      ...owed,
      event: { ...owed.event, call: { ...owed.event.call, recordingFile: given } },
      steps: [step],
      awaitsRecording: awaits,
      holdMs: (owed.holdMs ?? 0) + (awaits ? waitMs : 0),
    };
  });
}

/** The call as who plans for it sees it: where the PBX has the file is nobody's business, and the address is not to be fetched yet. */
export function withoutRecording(event: CallEvent): CallEvent {
  return { ...event, call: { ...event.call, recordingFile: null } };
}
