import { expect, it } from 'vitest';
import { describeWith } from '../pbx/available.js';
import { keepEvents } from '../pbx/event-database.js';
import { startSshHost } from '../pbx/sshd.js';
import { withDb } from '../support/db.js';
import { dayOf, local, madeCall, rowsOf } from './made-calls.js';
import type { MadeCall } from './made-calls.js';
import { readHost, storedIn } from './read-host.js';

const NOW = Math.floor(Date.now() / 1_000);
/** What is read of it stays the last file. */
const DAY = dayOf(NOW - 600);
const AT = NOW - 7_200;
const IN_2099 = Date.parse('2099-06-01T12:00:00+03:00') / 1_000;

/** Their rows, all in one file, whatever their own stamps say. */
const rowsIn = (calls: readonly MadeCall[], stampOf: (at: string, event: string, index: number) => string) =>
  [...rowsOf(calls).values()].flat().map((row, index) => ({ ...row, at: stampOf(row.at, row.event, index) }));

const as = (call: MadeCall, from: number, to: number) => ({ uid: call.uid, result: 'answered', from, to });

describeWith(['asterisk-22'], 'a row that is dated long after now', () => {
  it('is of the time of the row before it, and those behind it are read', () =>
    withDb(async ({ pool }) => {
      await using host = await startSshHost({ version: 22 });
      const [one, next] = [madeCall(AT), madeCall(AT + 300)];
      const wrong = (at: string, event: string) => (event === 'dial' ? local(IN_2099) : at);
      await keepEvents(host, DAY, rowsIn([one, next], wrong));
      expect(await readHost(host, pool)).toMatchObject({ stored: 2, unreadable: 0 });
      expect(await storedIn(pool)).toEqual([as(one, AT, AT + 50), as(next, AT + 300, AT + 350)]);
    }));

  it('is of the time that was read up to when it comes first in a run, and of the next row when nothing was read before', () =>
    withDb(async ({ pool }) => {
      await using host = await startSshHost({ version: 22 });
      const [one, next] = [madeCall(AT), madeCall(AT + 60)];
      const wrong = (at: string, _event: string, index: number) => (index === 0 ? local(IN_2099) : at);
      await keepEvents(host, DAY, rowsIn([one], wrong));
      await readHost(host, pool);
      expect(await storedIn(pool)).toEqual([as(one, AT, AT + 50)]);
      await keepEvents(host, DAY, rowsIn([next], wrong));
      await readHost(host, pool);
      const { from, to } = (await storedIn(pool)).find(({ uid }) => uid === next.uid) ?? { from: 0, to: 0 };
      expect(from).toBeGreaterThanOrEqual(AT + 50);
      expect(to).toBe(AT + 110);
    }));

  it('is no reason to read nothing when the whole clock was wrong for a call, ids and all', () =>
    withDb(async ({ pool }) => {
      await using host = await startSshHost({ version: 22 });
      const [before, wrong, after] = [madeCall(AT), madeCall(IN_2099), madeCall(AT + 300)];
      for (const call of [before, wrong, after])
        await keepEvents(
          host,
          DAY,
          rowsIn([call], (at) => at),
        );
      await readHost(host, pool);
      const told = await storedIn(pool);
      expect(told.filter(({ uid }) => uid !== wrong.uid)).toEqual([
        as(before, AT, AT + 50),
        as(after, AT + 300, AT + 350),
      ]);
      for (const { to } of told) expect(to).toBeLessThan(Date.now() / 1_000);
    }));
});
