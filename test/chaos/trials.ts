/** The trials with their counts: full for `npm run chaos`, short for the test suite. */
import { AIMED_DIALPLAN, EVENTS, aimed } from './aimed.js';
import { absences } from './database-away.js';
import type { Absence } from './database-away.js';
import { crmFaults } from './crm-faults.js';
import type { FaultName } from './crm-faults.js';
import { kills } from './kills.js';
import { linkCuts } from './link-cuts.js';
import { OUTAGES, outages } from './outages.js';
import type { Outage } from './outages.js';
import type { Cut } from './link-cuts.js';
import { pbxRestarts } from './pbx-restarts.js';
import type { Restart } from './pbx-restarts.js';
import type { Poster } from './posts.js';
import type { Figures, LoadShape } from './settle.js';
import type { Stage } from './stage.js';

export interface Size {
  short: boolean;
  /** Rounds. */
  count?: number;
  /** How long something is away in each. */
  awayMs?: number;
  /** Of those of the trial of outages only this. */
  outage?: Outage;
}

export interface Trial {
  /** What is shown. */
  title: string;
  posting: readonly Poster[];
  /** What was missed is recovered. */
  recovery?: boolean;
  /** Lines it needs besides those every PBX has. */
  dialplan?: string;
  run(stage: Stage, size: Size): Promise<Figures>;
}

const POSTERS: readonly Poster[] = [
  { number: '0401', token: 'token-0401' },
  { number: '0402', token: 'token-0402' },
  { number: '0403', token: 'token-0403' },
];
const FULL: LoadShape = { perSecond: 5, talkSeconds: [1, 20] };
const SHORT: LoadShape = { perSecond: 2, talkSeconds: [1, 4] };

const shapeOf = ({ short }: Size): LoadShape => (short ? SHORT : FULL);

/** `count` of these, beginning anew when they run out. */
function turns<T>(kinds: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, i) => kinds[i % kinds.length] as T);
}

export const TRIALS: Record<string, Trial> = {
  kill: {
    title: 'the daemon is killed',
    posting: [],
    run: (stage, size) =>
      kills(stage, {
        ...shapeOf(size),
        kills: size.count ?? (size.short ? 6 : 100),
        lifeMs: size.short ? 5_000 : 10_000,
      }),
  },
  database: {
    title: 'the database is away',
    posting: POSTERS,
    run: (stage, size) =>
      absences(stage, {
        ...shapeOf(size),
        absences: turns<Absence>(['cut', 'hang', 'restart', 'deafen', 'cut'], size.count ?? (size.short ? 5 : 4)),
        awayMs: size.awayMs ?? (size.short ? 3_000 : 60_000),
        restMs: size.short ? 2_000 : 15_000,
        posting: POSTERS,
      }),
  },
  crm: {
    title: 'the CRM is down',
    posting: [],
    run: (stage, size) =>
      crmFaults(stage, {
        ...shapeOf(size),
        ...(size.short ? { perSecond: 4 } : {}),
        faults: turns<FaultName>(
          ['503', 'hang', 'html', 'close-after', 'hang-after', 'html-502', 'truncated-json', 'close-before'],
          size.count ?? (size.short ? 8 : 4),
        ),
        faultMs: size.awayMs ?? (size.short ? 2_000 : 300_000),
        restMs: size.short ? 1_500 : 30_000,
        patienceMs: size.short ? 60_000 : 600_000,
      }),
  },
  link: {
    title: 'the line to the PBX fails',
    posting: [],
    run: (stage, size) =>
      linkCuts(stage, {
        ...shapeOf(size),
        cuts: turns<Cut>(['cut', 'hang'], size.count ?? (size.short ? 6 : 10)),
        cutMs: size.awayMs ?? (size.short ? 2_500 : 20_000),
        restMs: size.short ? 2_000 : 20_000,
      }),
  },
  outage: {
    title: 'nothing is missing after an outage',
    posting: [],
    recovery: true,
    run: (stage, size) =>
      outages(stage, {
        ...(size.short ? { perSecond: 1.5, talkSeconds: [1, 3] } : { perSecond: 1, talkSeconds: [1, 20] }),
        outages: turns<Outage>(
          size.outage ? [size.outage] : [...OUTAGES, 'daemon'],
          size.count ?? (size.outage ? 1 : size.short ? 5 : 4),
        ),
        awayMs: size.awayMs ?? (size.short ? 6_000 : 600_000),
        crmAwayMs: size.awayMs ?? (size.short ? 3_000 : 3_600_000),
        restMs: size.short ? 1_500 : 30_000,
        patienceMs: size.short ? 120_000 : 600_000,
      }),
  },
  pbx: {
    title: 'the PBX goes down in the middle of calls',
    posting: [],
    run: (stage, size) =>
      pbxRestarts(stage, {
        ...shapeOf(size),
        restarts: turns<Restart>(['now', 'kill'], size.count ?? (size.short ? 5 : 10)),
        restMs: size.short ? 3_000 : 15_000,
      }),
  },
  aimed: {
    title: 'the line is cut, the daemon killed, the PBX restarted while calls ring, talk and end',
    posting: [],
    dialplan: AIMED_DIALPLAN,
    run: (stage, size) =>
      aimed(stage, {
        events: turns(EVENTS, size.count ?? (size.short ? 3 : 15)),
        perMoment: 4,
        awayMs: size.awayMs ?? (size.short ? 3_000 : 20_000),
        // A line that was away for long is tried again less and less often.
        backMs: size.short ? 1_500 : 30_000,
      }),
  },
};
