/**
 * The fleet's catalogue as real calls (`test/pbx/fleet`), each judged by the SIP messages of its phones, by Asterisk's own
 * record, and by what is said of it: by the bytes the two sample AMI users got, by the posts of the fleet's script, by
 * both; and by a whole daemon, which hears of Asterisk 16 over AMI as `safe` and of 22 as `fleet` and by posts.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallFacts } from '../../src/calls/vocabulary.js';
import { WAYS, beside, read, type Way } from '../calls/fleet-recordings.js';
import { describeWith } from '../pbx/available.js';
import { headerOf, messagesOf, type AmiProbe } from '../pbx/ami-probe.js';
import type { FleetPbx } from '../pbx/fleet/fleet-pbx.js';
import { play, startLanes, stopLanes, type Played, type PlayedLane } from '../pbx/fleet/play.js';
import { VERSIONS, visibleTo } from '../pbx/fleet/recordings.js';
import { SCENARIOS } from '../pbx/fleet/scenarios/index.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { watchLateness } from '../support/lateness.js';
import { postsOf } from '../support/fleet-posts.js';
import { startFleetPoster, type FleetPoster } from '../support/fleet-poster.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

/** PBXs of each version side by side. */
const LANES = 4;
const DAEMON = 'a whole daemon';
const COLUMNS = [...Object.keys(WAYS), DAEMON];

/** The daemon's ear for each PBX, by its version. */
const HEARS = {
  16: { user: 'safe', sources: ['ami'], way: WAYS['AMI, the user safe'] as Way },
  22: { user: 'fleet', sources: ['ami', 'webhook'], way: WAYS['AMI (fleet) and posts'] as Way },
} as const;

interface Daemon {
  readonly running: TestApp;
  readonly crm: Awaited<ReturnType<typeof startRetailCrmStandIn>>;
  readonly probes: readonly AmiProbe[];
  readonly posters: readonly FleetPoster[];
}

const numberOf = (lane: number) => `0${400 + lane}`;
const tokenOf = (lane: number) => `unit-token-${numberOf(lane)}`;

async function startDaemon(pbxs: readonly FleetPbx[]): Promise<Daemon> {
  const crm = await startRetailCrmStandIn({
    users: ['150', '151', '152'].map((code, index) => ({ id: 6 + index, firstName: `User ${code}`, code })),
  });
  const running = await startTestApp({
    enterprises: pbxs.map(({ asterisk }, lane) => {
      const { user, sources } = HEARS[asterisk.version];
      return retailCrmEnterprise({
        number: numberOf(lane),
        token: tokenOf(lane),
        amiPort: asterisk.amiPort,
        user: asterisk.users[user],
        crmUrl: crm.url,
        more: { sources },
      });
    }),
  });
  await until('every link to be caught up', async () => {
    const { rows } = await running.db.pool.query(
      "SELECT count(DISTINCT pbx)::int AS n FROM asterisk_logs WHERE event_type = 'snapshot'",
    );
    return (rows[0] as { n: number }).n === pbxs.length;
  });
  const probes: AmiProbe[] = [];
  const posters: FleetPoster[] = [];
  for (const [lane, { asterisk }] of pbxs.entries()) {
    if (asterisk.version !== 22) continue;
    const probe = await asterisk.probe('crm');
    probes.push(probe);
    posters.push(startFleetPoster({ probe, url: running.app.url, token: tokenOf(lane), lagMs: 1_200 }));
  }
  return { running, crm, probes, posters };
}

async function stopDaemon({ running, crm, probes }: Daemon): Promise<void> {
  await Promise.all(probes.map((probe) => probe.close()));
  await running[Symbol.asyncDispose]();
  await crm.stop();
}

const finishedBy = ({ running }: Daemon): CallFacts[] =>
  running.events.flatMap((event) => (event.kind === 'call.finished' ? [event.call] : []));

/** By each way, what is told of a whole PBX's calls. */
function readInEveryWay({ heard }: PlayedLane): Map<string, CallFacts[]> {
  const posts = postsOf(messagesOf(heard.crm));
  const told = { ami: (user: keyof typeof heard | 'min') => heard[user === 'min' ? 'crm' : user], posts: () => posts };
  return new Map(Object.entries(WAYS).map(([name, way]) => [name, read(way.facts(told)).records]));
}

describeWith(['asterisk-16', 'asterisk-22'], 'the fleet’s catalogue as real calls', () => {
  let pbxs: FleetPbx[] = [];
  const lateness = watchLateness();
  let daemon: Daemon;
  let lanes: PlayedLane[] = [];
  const told = new Map<PlayedLane, Map<string, CallFacts[]>>();
  const table = new Map<string, Map<string, string>>();

  const find = (version: 16 | 22, id: string): { lane: PlayedLane; one: Played } => {
    const lane = lanes.find(({ pbx, played }) => pbx.asterisk.version === version && played.some(is(id)));
    const one = lane?.played.find(is(id));
    if (!lane || !one) throw new Error(`${id} was not played on ${version}`);
    return { lane, one };
  };
  const judge = (version: 16 | 22, id: string, column: string, mine: readonly CallFacts[], way: Way) => {
    const row = table.get(`${version} ${id}`) ?? new Map<string, string>();
    table.set(`${version} ${id}`, row.set(column, 'WRONG'));
    const { one } = find(version, id);
    const truth = way.silentOn?.includes(id) ? [] : one.calls;
    const withinMs = way.withinMs + lateness.between(...one.time);
    const { told: said, wanted } = beside(mine, truth, { ...way, withinMs });
    expect(said).toEqual(wanted);
    row.set(column, 'ok');
  };

  beforeAll(async () => {
    pbxs = (await Promise.all(VERSIONS.map((version) => startLanes(version, LANES)))).flat();
    daemon = await startDaemon(pbxs);
    const of = (version: 16 | 22) => pbxs.filter(({ asterisk }) => asterisk.version === version);
    lanes = (await Promise.all(VERSIONS.map((version) => play(of(version), SCENARIOS)))).flat();
    await Promise.all(daemon.posters.map((poster) => poster.stop()));
    for (const lane of lanes) told.set(lane, readInEveryWay(lane));
    const calls = lanes.reduce((sum, { played }) => sum + played.reduce((n, one) => n + one.calls.length, 0), 0);
    await until('every call to be finished', () => finishedBy(daemon).length >= calls).catch(() => undefined);
    await daemon.running.app.idle();
  }, 400_000);

  afterAll(async () => {
    lateness.stop();
    process.stdout.write(`\n${written(table)}\n`);
    await stopDaemon(daemon);
    await stopLanes(pbxs);
  }, 60_000);

  describe.each(VERSIONS)('Asterisk %s', (version) => {
    const named = SCENARIOS.map(({ id, name }) => [id, name] as const);

    it.each(named)('%s was played: %s', (id) => {
      expect(find(version, id).one.complaints.join('; ')).toBe('');
    });

    describe.each(Object.entries(WAYS))('by %s', (name, way) => {
      it.each(named)('%s is read as it was: %s', (id) => {
        const { lane, one } = find(version, id);
        const mine =
          told
            .get(lane)
            ?.get(name)
            ?.filter(({ uid }) => one.uids.has(uid)) ?? [];
        judge(version, id, name, mine, way);
      });
    });

    it.each(named)('%s is told by a whole daemon as it was, with one record each in the CRM: %s', (id) => {
      const { lane, one } = find(version, id);
      const number = numberOf(pbxs.indexOf(lane.pbx));
      const mine = finishedBy(daemon).filter((call) => call.enterprise === number && one.uids.has(call.uid));
      judge(version, id, DAEMON, mine, HEARS[version].way);
      const records = daemon.crm.state.calls.filter(({ externalId }) =>
        mine.some((call) => call.externalId === externalId),
      );
      const owed = mine.filter((call) => call.direction !== 'internal');
      expect(records.map(({ externalId }) => externalId).sort()).toEqual(
        owed.map(({ externalId }) => externalId).sort(),
      );
    });

    it.each(['safe', 'fleet'] as const)('tells the user %s what a recording gives him, no more and no less', (user) => {
      for (const { heard, pbx } of lanes) {
        if (pbx.asterisk.version !== version) continue;
        const events = (bytes: Buffer) =>
          messagesOf(bytes).filter((message) => headerOf(message, 'Timestamp') !== undefined);
        const whole = events(heard.crm).filter((message) => visibleTo(user, (name) => headerOf(message, name)));
        expect(events(heard[user])).toEqual(whole);
      }
    });
  });

  it('and of nothing else anything is told', () => {
    const known = (call: CallFacts) =>
      lanes.some(
        ({ pbx, played }) =>
          numberOf(pbxs.indexOf(pbx)) === call.enterprise && played.some(({ uids }) => uids.has(call.uid)),
      );
    expect(finishedBy(daemon).filter((call) => !known(call))).toEqual([]);
    expect(daemon.posters.flatMap(({ posted }) => posted.filter(({ status }) => status !== 200))).toEqual([]);
    for (const [{ played }, ways] of told) {
      for (const records of ways.values())
        expect(records.filter(({ uid }) => !played.some(({ uids }) => uids.has(uid)))).toEqual([]);
    }
  });
});

const is = (id: string) => (one: Played) => one.scenario.id === id;

/** Scenario × version × source. */
function written(table: ReadonlyMap<string, ReadonlyMap<string, string>>): string {
  const short = COLUMNS.map((_, n) => String.fromCharCode(97 + n));
  const cells = (version: 16 | 22, id: string) =>
    COLUMNS.map((column) => (table.get(`${version} ${id}`)?.get(column) ?? '–').padEnd(6)).join('');
  const head = VERSIONS.map((version) => short.map((letter) => `${version}${letter}`.padEnd(6)).join('')).join('  ');
  const rows = SCENARIOS.map(({ id }) => `${id.padEnd(24)}${VERSIONS.map((version) => cells(version, id)).join('  ')}`);
  return [...COLUMNS.map((column, n) => `${short[n]}: ${column}`), `${' '.repeat(24)}${head}`, ...rows].join('\n');
}
