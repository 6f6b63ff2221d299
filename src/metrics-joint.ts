/** What the parts know of themselves, as figures of /metrics; docs/metrics.md lists them. Part of the composition. */
import type { PbxLinks } from './ami/links.js';
import type { CallEvent } from './calls/vocabulary.js';
import type { Pool } from './db/pool.js';
import { queueDepths } from './delivery/queue-store.js';
import type { Directory } from './integrations/directory.js';
import type { PbxUnits } from './pbx-units.js';
import type { Clock } from './platform/clock.js';
import type { Logger } from './platform/log.js';
import type { Metrics } from './platform/metrics.js';

/** Seconds of a call: from a ring nobody waited for to hours of talk. */
const CALL_SECONDS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600];
const QUEUE_LOOK_MS = 15_000;

export interface FiguresDeps {
  metrics: Metrics;
  links: Pick<PbxLinks, 'states'>;
  units: Pick<PbxUnits, 'states'>;
  directory: Pick<Directory, 'stats'>;
  /** By what they are for. */
  pools: Readonly<Record<string, Pick<Pool, 'totalCount' | 'idleCount' | 'waitingCount'>>>;
}

/** What is only looked up, when somebody asks. */
export function exposeFigures({ metrics, links, units, directory, pools }: FiguresDeps): void {
  const eachLink = (tell: (state: ReturnType<PbxLinks['states']>[number]) => void) => links.states().forEach(tell);

  metrics.gauge('pbx_links_live', 'PBXs whose link is up and caught up', {
    collect: () => links.states().filter(({ phase }) => phase === 'live').length,
  });
  metrics.gauge('pbx_link_up', '1 while the link to the PBX is up and caught up, else 0', {
    labels: ['pbx'],
    collect(gauge) {
      gauge.reset();
      eachLink(({ key, phase }) => gauge.set({ pbx: key }, phase === 'live' ? 1 : 0));
    },
  });
  metrics.gauge('pbx_ping_seconds', 'Round trip of the last ping', {
    labels: ['pbx'],
    collect(gauge) {
      gauge.reset();
      eachLink(({ key, pingMs }) => pingMs !== null && gauge.set({ pbx: key }, pingMs / 1_000));
    },
  });
  metrics.gauge('pbx_clock_skew_seconds', 'The clock of the PBX less ours', {
    labels: ['pbx'],
    collect(gauge) {
      gauge.reset();
      eachLink(({ key, skewMs }) => skewMs !== null && gauge.set({ pbx: key }, skewMs / 1_000));
    },
  });
  metrics.counter('pbx_connects_total', 'Log-ins to the PBX that succeeded', ['pbx'], (counter) =>
    eachLink(({ key, connects }) => counter.inc({ pbx: key }, connects)),
  );
  metrics.counter('pbx_events_total', 'AMI events the PBX sent', ['pbx'], (counter) =>
    eachLink(({ key, events }) => counter.inc({ pbx: key }, events)),
  );
  metrics.counter('pbx_facts_total', 'Facts about calls that were read from AMI', ['pbx'], (counter) =>
    eachLink(({ key, facts }) => counter.inc({ pbx: key }, facts)),
  );
  metrics.counter(
    'pbx_messages_dropped_total',
    'What a PBX sent and was not believed or could not be read',
    ['pbx', 'reason'],
    (counter) =>
      eachLink(({ key, drops }) => {
        for (const [reason, count] of Object.entries(drops)) counter.inc({ pbx: key, reason }, count);
      }),
  );

  const ofUnits = (what: 'live' | 'backlog') => () => units.states().reduce((sum, unit) => sum + unit[what], 0);
  metrics.gauge('calls_live', 'Calls that are going on', { collect: ofUnits('live') });
  metrics.gauge('facts_waiting', 'Facts read and not stored yet', { collect: ofUnits('backlog') });

  metrics.gauge('directory_enterprises', 'Enterprises whose settings are in memory', {
    collect: () => directory.stats().enterprises,
  });
  metrics.gauge('directory_problems', 'Enterprises whose stored settings do not parse', {
    collect: () => directory.stats().problems.size,
  });
  metrics.gauge('directory_age_seconds', 'Since the settings were last read; absent before the first time', {
    collect(gauge) {
      const { ageMs } = directory.stats();
      if (ageMs === null) gauge.remove();
      else gauge.set(ageMs / 1_000);
    },
  });
  metrics.counter('directory_lookups_total', 'Questions to the settings in memory', ['result'], (counter) => {
    const { hits, misses } = directory.stats();
    counter.inc({ result: 'hit' }, hits);
    counter.inc({ result: 'miss' }, misses);
  });
  metrics.counter('directory_read_failures_total', 'Times the settings could not be read', [], (counter) =>
    counter.inc(directory.stats().failures),
  );

  metrics.gauge('db_connections', 'Connections to the database by pool; `waiting`: whoever wants one', {
    labels: ['pool', 'state'],
    collect(gauge) {
      for (const [pool, { totalCount, idleCount, waitingCount }] of Object.entries(pools)) {
        gauge.set({ pool, state: 'busy' }, totalCount - idleCount);
        gauge.set({ pool, state: 'idle' }, idleCount);
        gauge.set({ pool, state: 'waiting' }, waitingCount);
      }
    },
  });
}

export function createCallFigures(metrics: Metrics): { told(event: CallEvent): void } {
  const labels = ['direction', 'result'] as const;
  const events = metrics.counter('call_events_total', 'Call events that were committed', ['kind']);
  const finished = metrics.counter('calls_finished_total', 'Calls that ended', labels);
  const seconds = { buckets: CALL_SECONDS, labels: ['direction'] as const };
  const talk = metrics.histogram('call_talk_seconds', 'What was talked in calls that were answered', seconds);
  const wait = metrics.histogram('call_wait_seconds', 'From the first ring to the answer or the end', seconds);
  const approximate = metrics.counter('calls_approximate_total', 'Calls part of which fell into a time without a link');
  return {
    told({ kind, call }) {
      events.inc({ kind });
      if (kind !== 'call.finished') return;
      const { direction, result } = call;
      finished.inc({ direction, result: result ?? 'failed' });
      wait.observe({ direction }, call.waitMs / 1_000);
      if (result === 'answered') talk.observe({ direction }, call.talkMs / 1_000);
      if (call.approximate) approximate.inc();
    },
  };
}

/**
 * What waits to be delivered, of all daemons that share the database. It is counted at its own pace and not at a scrape, which a
 * database that is away must not hold up; then the figures are absent rather than old.
 */
export function createQueueFigures(deps: { pool: Pool; clock: Clock; log: Logger; metrics: Metrics }): {
  run(signal: AbortSignal): Promise<void>;
} {
  const { pool, clock, log, metrics } = deps;
  const labels = ['type', 'class'] as const;
  const pending = metrics.gauge('queue_pending', 'Deliveries that wait or are being tried', { labels });
  const oldest = metrics.gauge('queue_oldest_seconds', 'Age of the oldest delivery that should have gone by now', {
    labels,
  });
  const dead = metrics.gauge('queue_dead', 'Deliveries that were given up and wait for a person', { labels: ['type'] });

  async function look(): Promise<void> {
    const depths = await queueDepths(pool).catch((error: unknown) => {
      log.debug({ err: error }, 'the queue could not be counted');
      return null;
    });
    for (const gauge of [pending, oldest, dead]) gauge.reset();
    for (const { type, class: deliveryClass, count, oldestSeconds } of depths?.pending ?? []) {
      pending.set({ type, class: deliveryClass }, count);
      oldest.set({ type, class: deliveryClass }, oldestSeconds);
    }
    for (const { type, count } of depths?.dead ?? []) dead.set({ type }, count);
  }

  return {
    async run(signal) {
      for (; !signal.aborted; await clock.sleep(QUEUE_LOOK_MS, signal)) await look();
    },
  };
}
