/**
 * Every way a call can go, on both Asterisks, read as both sample AMI users, and judged by what is not ours: the SIP
 * messages of those who talked, Asterisk's own records, and what the CRM holds in the end.
 *
 * Each call is placed once per PBX and read by two daemons. All run side by side; the tests then only look.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../pbx/available.js';
import { KINDS, openGround, type Ground, type Kind } from './scenarios/ground.js';
import { judge, uidOf, type Told } from './scenarios/judge.js';
import { enterpriseOf, openReader, type Reader, type SampleUser } from './scenarios/reader.js';
import { SCENARIOS } from './scenarios/scenarios.js';
import { Scene } from './scenarios/scene.js';
import { printed } from './scenarios/table.js';
import type { Truth } from './scenarios/truth.js';

const PBXS = Object.keys(KINDS) as Kind[];
const USERS: readonly SampleUser[] = ['safe', 'fleet'];
/** Between the begins of two scenarios. */
const STAGGER_MS = 500;

/** By scenario: what its calls were, or why it could not be played. */
type Played = Map<string, Truth[] | Error>;

describeWith(['asterisk-16', 'asterisk-22'], 'real calls of every kind', () => {
  const grounds = new Map<Kind, Ground>();
  const readers = new Map<SampleUser, Reader>();
  const played = new Map<Kind, Played>();
  const ok = new Set<string>();

  beforeAll(async () => {
    await Promise.all(PBXS.map(async (kind) => grounds.set(kind, await openGround(kind))));
    await Promise.all(USERS.map(async (user) => readers.set(user, await openReader([...grounds.values()], user))));
    await Promise.all([...grounds].map(async ([kind, ground]) => played.set(kind, await playAll(ground))));
    const calls = [...played.values()].flatMap((one) => [...one.values()].flat()).length;
    await Promise.all([...readers.values()].map((reader) => reader.caughtUp(calls)));
  }, 300_000);

  afterAll(async () => {
    await Promise.all([...readers.values()].map((reader) => reader.stop()));
    await Promise.all([...grounds.values()].map((ground) => ground.stop()));
    process.stdout.write(printed({ kinds: PBXS, users: USERS, ok }));
  }, 120_000);

  for (const kind of PBXS) {
    for (const user of USERS) {
      test.each(SCENARIOS)(`Asterisk ${kind}, ${user}: $name`, async ({ name }) => {
        const truths = played.get(kind)?.get(name);
        if (!Array.isArray(truths)) throw truths ?? new Error('was not played');
        const told = await tellingOf(kind, user);
        expect(truths.flatMap((truth) => judge(truth, told)).join('\n')).toBe('');
        ok.add(`${name}|${kind}|${user}`);
      });

      test(`Asterisk ${kind}, ${user}: nothing else was told, and nothing is left open`, async () => {
        const told = await tellingOf(kind, user);
        const known = [...(played.get(kind)?.values() ?? [])].flatMap((truths) =>
          Array.isArray(truths) ? truths.map((truth) => uidOf(truth, told.rows)) : [],
        );
        expect(told.calls.filter((call) => !known.includes(call.uid))).toEqual([]);
        const ids = told.records.map((record) => record.externalId);
        expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
        expect(ids.filter((id) => !known.includes(id?.split('-').slice(1).join('-') ?? null))).toEqual([]);
        expect(told.cards.filter((card) => card.closedAt === null)).toEqual([]);
        expect(await readers.get(user)?.open()).toBe(0);
        expect(await grounds.get(kind)?.asterisk.cli('core show channels count')).toMatch(/^0 active channels/);
      });
    }
  }

  async function tellingOf(kind: Kind, user: SampleUser): Promise<Told> {
    const [ground, reader] = [grounds.get(kind), readers.get(user)];
    if (!ground || !reader) throw new Error('did not start');
    const ours = (id: string | null | undefined) => id?.startsWith(`${enterpriseOf(kind)}-`) === true;
    return {
      kind,
      rows: ground.asterisk.masterCsv(),
      calls: (await reader.finished()).filter((call) => ours(call.externalId)),
      records: reader.crm.calls.filter((record) => ours(record.externalId)),
      cards: reader.crm.cards.filter((card) => ours(card.callExternalId)),
      lateness: ground.lateness,
      expiredCards: await reader.expiredCards(),
    };
  }
});

async function playAll(ground: Ground): Promise<Played> {
  const played: Played = new Map();
  await Promise.all(
    SCENARIOS.map(async ({ name, play }, index) => {
      const scene = new Scene(ground, index);
      await scene.pause(index * STAGGER_MS);
      try {
        played.set(name, [await play(scene)].flat());
      } catch (error) {
        played.set(name, error instanceof Error ? error : new Error(String(error)));
      }
    }),
  );
  return played;
}
