/**
 * Callers who write into their INVITEs what they should not, while ordinary calls go on, on each PBX; read as each AMI user.
 * Nothing cleans what they write: the dialplan is as if nobody had thought of them.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spokenIn } from '../support/spoken-ami.js';
import { describeWith } from '../pbx/available.js';
import { headerOf, messagesOf, type AmiProbe } from '../pbx/ami-probe.js';
import { hostileDialplan } from './hostile/dialplan.js';
import { USERS, listen, type Listener, type User } from './hostile/listener.js';
import { play, type Played } from './hostile/play.js';
import { openGround, type Ground, type Kind } from './scenarios/ground.js';
import { judge, uidOf, type Told } from './scenarios/judge.js';
import { enterpriseOf, expiredCardsIn } from './scenarios/reader.js';

/** Who reads which PBX: both generations, all that speaks SIP, every user where he is most at home. */
const READ_BY: Readonly<Partial<Record<Kind, readonly User[]>>> = {
  '16-sip': ['safe', 'fleet'],
  '22': ['safe', 'crm'],
};
const PBXS = Object.keys(READ_BY) as Kind[];
const READERS = Object.keys(USERS) as User[];
/** What a daemon has to say to a PBX whose calls it only follows. */
const OURS = new Set([
  ...[
    'username',
    'secret',
    'events',
    'event',
    'eventmask',
    'channel',
    'variable',
    'variables',
    'allvariables',
    'context',
  ],
]);
/** What its CRM may be asked, and with which parameters. */
const API = '/api/v5';
const ASKED: Readonly<Record<string, readonly string[]>> = {
  [`POST ${API}/telephony/call/event`]: ['event'],
  [`POST ${API}/telephony/calls/upload`]: ['calls'],
  [`GET ${API}/telephony/manager`]: ['phone', 'details', 'ignoreStatus'],
  [`GET ${API}/users`]: ['limit', 'page'],
};
const HEADERS = new Set([
  ...['host', 'connection', 'accept', 'accept-encoding', 'x-api-key', 'content-type', 'content-length'],
]);

describeWith(['asterisk-16', 'asterisk-22'], 'hostile callers among ordinary calls', () => {
  const grounds = new Map<Kind, Ground>();
  const listeners = new Map<User, Listener>();
  const probes = new Map<Kind, AmiProbe>();
  const played = new Map<Kind, Played>();

  beforeAll(async () => {
    await Promise.all(PBXS.map(async (kind) => grounds.set(kind, await openGround(kind, hostileDialplan(kind)))));
    await Promise.all(
      READERS.map(async (user) => {
        const read = PBXS.filter((kind) => READ_BY[kind]?.includes(user)).map((kind) => of(grounds, kind));
        listeners.set(user, await listen(read, user));
      }),
    );
    for (const [kind, { asterisk }] of grounds) probes.set(kind, await asterisk.probe('safe'));
    await Promise.all([...grounds].map(async ([kind, ground]) => played.set(kind, await play(ground))));
    await Promise.all([...listeners.values()].map((listener) => listener.atRest()));
  }, 180_000);

  afterAll(async () => {
    for (const probe of probes.values()) await probe.close();
    for (const listener of listeners.values()) await listener.stop();
    for (const ground of grounds.values()) await ground.stop();
  }, 60_000);

  for (const kind of PBXS) {
    test(`Asterisk ${kind}: the attacks are real`, () => {
      const { attacks, aim } = of(played, kind);
      expect(attacks.filter(({ uid }) => uid !== null).length).toBeGreaterThanOrEqual(50);
      // Whoever believed what stands in the stream would take the call aimed at for over.
      const forged = messagesOf(of(probes, kind).raw()).filter(
        (message) => headerOf(message, 'Event') === 'Hangup' && headerOf(message, 'Uniqueid') === aim.uid,
      );
      expect(forged.length).toBeGreaterThan(50);
    });

    for (const user of READ_BY[kind] ?? []) {
      const told = async () => await tellingOf(of(grounds, kind), of(listeners, user));

      test(`Asterisk ${kind}, ${user}: every ordinary call is told as it was`, async () => {
        const { ordinary } = of(played, kind);
        const all = await told();
        const complaints = ordinary.flatMap((truth) =>
          judge(truth, all).map((one) => `${JSON.stringify(truth.find)}: ${one}`),
        );
        expect(complaints.join('\n')).toBe('');
      });

      test(`Asterisk ${kind}, ${user}: who shows a number in order has his record, whatever else he writes`, async () => {
        const all = await told();
        const inOrder = of(played, kind).attacks.flatMap(({ truth, what }) => (truth ? [{ truth, what }] : []));
        expect(inOrder.length).toBeGreaterThanOrEqual(14);
        const complaints = inOrder.flatMap(({ truth, what }) => judge(truth, all).map((one) => `${what}: ${one}`));
        expect(complaints.join('\n')).toBe('');
      });

      test(`Asterisk ${kind}, ${user}: the others have one record at most, clean, and nothing else was told`, async () => {
        const { attacks, ordinary } = of(played, kind);
        const { calls, records, cards, rows } = await told();
        const known = [...attacks.map(({ uid }) => uid), ...ordinary.map((truth) => uidOf(truth, rows))];
        const ids = known.map((uid) => `${enterpriseOf(kind)}-${uid}`);
        expect(calls.filter(({ externalId }) => !ids.includes(externalId))).toEqual([]);
        expect(records.filter(({ externalId = '' }) => !ids.includes(externalId))).toEqual([]);
        expect(cards.filter(({ callExternalId }) => !ids.includes(callExternalId ?? ''))).toEqual([]);
        expect(twice(calls.map(({ externalId }) => externalId))).toEqual([]);
        expect(twice(records.map(({ externalId = '' }) => externalId))).toEqual([]);
        expect(cards.filter(({ closedAt }) => closedAt === null)).toEqual([]);
        for (const call of calls)
          for (const text of [call.external, call.line, call.caller, ...call.rang, ...call.agents])
            if (text !== null) expect(text).toMatch(/^\P{C}{0,80}$/u);
        expect(await of(listeners, user).open()).toBe(0);
      });

      test(`Asterisk ${kind}, ${user}: what is not believed is counted, and the PBX is sent whole actions only`, async () => {
        const listener = of(listeners, user);
        const dropped = await listener.dropped(kind);
        expect(dropped['not-a-message']).toBeGreaterThan(0);
        expect(dropped['missing-header'] ?? dropped['no-privilege']).toBeGreaterThan(0);
        const spoken = spokenIn(listener.said(kind));
        expect(spoken.flatMap(({ headers }) => headers.filter(([name]) => !OURS.has(name)))).toEqual([]);
        // That a call ended it does not believe before the PBX has said so.
        expect(spoken.map(({ name }) => name)).toContain('Status');
      });
    }
  }

  test.each(READERS)('the CRM is asked nothing but what it knows, by %s', (user) => {
    const { exchanges } = of(listeners, user).crm;
    expect(exchanges.filter(({ status }) => status !== 200).map(({ body, effect }) => ({ body, effect }))).toEqual([]);
    for (const { method, path, query, headers, body } of exchanges) {
      const [route, sent] = [`${method} ${path}`, method === 'GET' ? query : new URLSearchParams(body)];
      expect(Object.keys(ASKED)).toContain(route);
      expect([...sent.keys()]).toEqual(ASKED[route]);
      expect(Object.keys(headers).filter((name) => !HEADERS.has(name))).toEqual([]);
      for (const phone of phonesIn(sent)) expect(phone).toMatch(/^\d{3,15}$/);
    }
  });
});

async function tellingOf({ kind, asterisk, lateness }: Ground, { running, crm }: Listener): Promise<Told> {
  const ours = (id: string | null | undefined) => id?.startsWith(`${enterpriseOf(kind)}-`) === true;
  return {
    kind,
    rows: asterisk.masterCsv(),
    calls: running.events.flatMap(({ kind: what, call }) =>
      what === 'call.finished' && ours(call.externalId) ? [call] : [],
    ),
    records: crm.state.calls.filter(({ externalId }) => ours(externalId)),
    cards: crm.state.cards.filter(({ callExternalId }) => ours(callExternalId)),
    lateness,
    expiredCards: await expiredCardsIn(running.db.pool),
  };
}

function phonesIn(sent: URLSearchParams): string[] {
  const said = ['event', 'calls'].flatMap((name) => sent.getAll(name).map((text) => JSON.parse(text) as object));
  const phones = said.flat().map((one) => ('phone' in one ? String(one.phone) : ''));
  return [...phones, ...sent.getAll('phone')];
}

const twice = (ids: readonly string[]): string[] => ids.filter((id, index) => ids.indexOf(id) !== index);

function of<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error(`${String(key)} did not start`);
  return value;
}
