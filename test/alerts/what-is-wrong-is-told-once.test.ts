import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acknowledge, currentAlerts, mute } from '../../src/alerts/alerts-store.js';
import type { Sighted } from '../../src/alerts/ports.js';
import { AlertDesk, PBX, TOKEN } from './alert-desk.js';

let desk: AlertDesk;
beforeEach(async () => {
  desk = await AlertDesk.open();
});
afterEach(() => desk[Symbol.asyncDispose]());

const link = (bad: boolean): Sighted => ({
  ...{ kind: 'pbx-link', enterprise: '0367', subject: PBX, bad },
  detail: { why: bad ? 'AMI_LOST: refused' : null },
});

describe('an alert', () => {
  test('of an error rate is told at each part of the threshold it reaches, and once when it is over', async () => {
    await desk.setUp('0367', '-100');
    const watch = desk.daemon();
    await desk.attempts('0367', 'retailcrm', 8, 1);
    expect(await desk.turn(watch)).toEqual([]); // too few to mean anything
    await desk.attempts('0367', 'retailcrm', 1, 0);
    expect(await desk.turn(watch)).toEqual([
      '🟡 0367 · RetailCRM: ошибок 10 % за 15 мин (1 из 10, порог 20 %): HTTP_500: busy',
    ]);
    expect(await desk.turn(watch)).toEqual([]);
    const steps: string[] = [];
    for (const errors of [1, 1, 5]) {
      await desk.attempts('0367', 'retailcrm', 1, errors);
      steps.push(...(await desk.turn(watch)));
    }
    expect(steps.map((line) => /^(.+) 0367.*(хуже): ошибок (\d+) %/u.exec(line)?.slice(1))).toEqual([
      ['🟡', 'хуже', '17'],
      ['🔴', 'хуже', '21'],
    ]);
    await desk.db.pool.query('DELETE FROM integration_logs');
    expect(await desk.turn(watch)).toEqual([]); // well, but not for long
    await desk.later('2 minutes');
    expect((await desk.turn(watch)).join()).toMatch(/^✅ 0367 · RetailCRM: закончилось: .* мин\)$/);
    expect(await desk.turn(watch)).toEqual([]);
  });

  test('of an error rate counts the attempts of as many minutes as each enterprise chose', async () => {
    await desk.setUp('0367', '-100', { errorMinutes: 60 });
    await desk.setUp('0368', '-200');
    for (const { number } of desk.enterprises) await desk.attempts(number, 'retailcrm', 0, 10);
    await desk.db.pool.query(`UPDATE integration_logs SET created_at = now() - interval '50 minutes'`);
    const watch = desk.daemon();
    expect(await desk.turn(watch)).toEqual([expect.stringContaining('ошибок 100 % за 60 мин (10 из 10')]);
    expect(desk.telegram.state.in('-200')).toEqual([]);
  });

  test('of a link begins after two minutes, outlives daemons, and ends only when somebody saw the link', async () => {
    await desk.setUp('0367', '-100', { language: 'en' });
    desk.sighted = [link(true)];
    expect(await desk.turn(desk.daemon('one#1'))).toEqual([]);
    await desk.later('110 seconds');
    await desk.db.pool.query(`UPDATE alert_sightings SET seen_at = now()`);
    expect(await desk.turn(desk.daemon('one#1'))).toEqual([]);
    await desk.later('10 seconds');
    expect(await desk.turn(desk.daemon('one#1'))).toEqual([
      `🔴 0367 · ${PBX}: no link to the PBX, its calls are not seen: AMI_LOST: refused`,
    ]);

    // Killed; another one takes over and has not been given the PBX yet: it knows nothing, so nothing is over.
    await desk.db.pool.query(`UPDATE leases SET expires_at = now() WHERE kind = 'duty'`);
    desk.sighted = [];
    const next = desk.daemon('two#1');
    await desk.later('30 minutes');
    expect(await desk.turn(next)).toEqual([]);
    desk.sighted = [link(true)];
    expect(await desk.turn(next)).toEqual([]);

    // It flaps: not over, and not told.
    for (const bad of [false, true, false, true]) {
      desk.sighted = [link(bad)];
      expect(await desk.turn(next)).toEqual([]);
      await desk.later('40 seconds');
    }
    desk.sighted = [link(false)];
    await desk.turn(next);
    await desk.later('61 seconds');
    expect((await desk.turn(next)).join()).toMatch(/^✅ 0367 · 192\.0\.2\.10:5038: over: no link to the PBX/);
    expect(await currentAlerts(desk.db.pool)).toEqual([]);
  });

  test('is told of everything else that is wrong, to the enterprise and to the platform, by chat and by webhook', async () => {
    await desk.setUp('0367', '-100', { language: 'en' });
    await desk.setUp('', '-200', { language: 'ru' }, true);
    const watch = desk.daemon();
    for (let i = 0; i < 3; i += 1) await desk.delivery('0367', 'retailcrm', 'dead');
    await desk.delivery('0368', 'retailcrm', 'pending', '25 minutes');
    await desk.delivery('0368', 'retailcrm', 'pending', '2 minutes');
    desk.sighted = [
      { kind: 'refused', enterprise: '0367', subject: 'retailcrm', bad: true, detail: { why: 'FORBIDDEN: wrong key' } },
    ];
    desk.endings = [
      { enterprise: '0367', type: 'amocrm', at: Date.now() + 5.5 * 86_400_000, why: 'make a new long-lived token' },
      { enterprise: '0368', type: 'retailcrm', at: Date.now() + 60 * 86_400_000, why: 'far away' },
    ];
    await desk.db.pool.query(
      `INSERT INTO reconciliations (enterprise_number, day, result, differs) VALUES
       ('0367', '2026-01-02', '{"differences": [{}, {}]}', true), ('0368', '2026-01-01', '{"differences": [{}]}', true), ('0368', '2026-01-02', '{"differences": []}', false)`,
    );
    const told = await desk.turn(watch);
    expect(told.toSorted()).toEqual([
      '🔴 0367 · RetailCRM: given up: 3; they can be sent again on the page “Deliveries”',
      '🔴 0367 · RetailCRM: the CRM refuses our credentials or settings, nothing is sent: a person is needed: FORBIDDEN: wrong key',
      '🔴 0367 · amoCRM: access ends in 5 days: make a new long-lived token',
      '🔴 0367: 2026-01-02 differs in 2 calls between PBX, us and CRMs',
    ]);
    expect(desk.telegram.state.in('-200').map(({ text }) => text.split('\n').length)).toEqual([6]);
    expect(desk.telegram.state.in('-200')[0]?.text).toContain(
      '🔴 0368 · RetailCRM: звонки ждут отправки 25 мин (в очереди 2)',
    );
    expect(
      desk.hook.posted
        .flatMap(({ alerts }) => alerts.map(({ kind, what }) => `${String(kind)} ${String(what)}`))
        .toSorted(),
    ).toEqual(['day-differs began', 'dead-letters began', 'queue-age began', 'refused began', 'token-ends began']);

    // Sent again, mended, let in, reconciled.
    await desk.db.pool.query('DELETE FROM deliveries');
    await desk.db.pool.query(`UPDATE reconciliations SET differs = false`);
    await desk.attempts('0367', 'retailcrm', 1, 0);
    [desk.sighted, desk.endings] = [[], []];
    await desk.later('1 second');
    await desk.turn(watch);
    await desk.later('2 minutes');
    expect((await desk.turn(watch)).map((line) => line.slice(0, 1))).toEqual(['✅', '✅', '✅', '✅']);
    expect(desk.hook.posted.at(-1)?.alerts.every(({ what, ended_at }) => what === 'over' && ended_at !== null)).toBe(
      true,
    );
  });

  test('of what was switched off is over at once', async () => {
    await desk.setUp('0367', '-100', { language: 'en' });
    const watch = desk.daemon();
    await desk.attempts('0367', 'retailcrm', 0, 20);
    expect(await desk.turn(watch)).toHaveLength(1);
    desk.enterprises = [];
    expect((await desk.turn(watch)).join()).toMatch(/^✅/);
  });

  test('is reminded of every so often, not once it is acknowledged, and not told at all while it is muted', async () => {
    await desk.setUp('0367', '-100', { language: 'en' });
    const watch = desk.daemon();
    await desk.delivery('0367', 'retailcrm', 'dead');
    await desk.turn(watch);
    await desk.later('11 hours');
    expect(await desk.turn(watch)).toEqual([]);
    await desk.later('1 hour');
    expect((await desk.turn(watch)).join()).toMatch(/^🔴 0367 · RetailCRM: still: given up: 1; .* \(12 h 0 min\)$/);
    expect(await desk.turn(watch)).toEqual([]);

    const [alert] = await currentAlerts(desk.db.pool);
    const id = alert?.id ?? '';
    expect(await acknowledge(desk.db.pool, '0368', id, 'Bob')).toBe(false);
    expect(await acknowledge(desk.db.pool, '0367', id, 'Ann')).toBe(true);
    await desk.later('13 hours');
    expect(await desk.turn(watch)).toEqual([]);
    for (let i = 0; i < 9; i += 1) await desk.delivery('0367', 'retailcrm', 'dead');
    expect((await desk.turn(watch)).join()).toMatch(/worse: given up: 10;/);

    expect(await mute(desk.db.pool, '0367', id, 2)).toBe(true);
    for (let i = 0; i < 90; i += 1) await desk.delivery('0367', 'retailcrm', 'dead');
    expect(await desk.turn(watch)).toEqual([]);
    await desk.later('3 hours');
    expect((await desk.turn(watch)).join()).toMatch(/worse: given up: 100;/);
  });
});

describe('several daemons', () => {
  test('alert as one, and the next goes on where the first stopped', async () => {
    await desk.setUp('0367', '-100', { language: 'en' });
    const [one, two] = [desk.daemon('one#1'), desk.daemon('two#1')];
    await desk.delivery('0367', 'retailcrm', 'dead');
    await one.look();
    await Promise.all([two.look(), two.send(), one.send(), two.send()]);
    expect(desk.telegram.state.in('-100')).toHaveLength(1);
    const stop = new AbortController();
    const running = one.run(stop.signal);
    stop.abort();
    await running;
    await desk.delivery('0368', 'retailcrm', 'dead');
    expect(await desk.turn(two)).toEqual([]);
    expect((await currentAlerts(desk.db.pool)).map(({ enterprise }) => enterprise)).toEqual(['0367', '0368']);
  });
});

describe('a channel that fails', () => {
  test('is tried again later, holds up no other, and tells what is true when it is back', async () => {
    await desk.setUp('0367', '-100', { language: 'en' }, true);
    const watch = desk.daemon();
    desk.telegram.state.closed.set('-100', 'Forbidden: bot was kicked from the group chat');
    desk.hook.status = 503;
    await desk.delivery('0367', 'retailcrm', 'dead');
    await desk.turn(watch);
    desk.hook.status = 200;
    expect(await desk.turn(watch)).toEqual([]); // not at once
    await desk.later('31 seconds');
    await desk.turn(watch);
    expect(desk.hook.posted.map(({ alerts }) => alerts.map(({ what }) => what))).toEqual([['began']]);

    // Over before Telegram takes anything: that is what it is told.
    await desk.db.pool.query('DELETE FROM deliveries');
    await desk.turn(watch);
    await desk.later('2 minutes');
    await watch.look();
    desk.telegram.state.closed.clear();
    expect((await desk.turn(watch)).map((line) => line.slice(0, 1))).toEqual(['✅']);
    expect(desk.log.filter((line) => line.includes('tried again')).length).toBeGreaterThan(1);
  });

  test('is given up after a day, and its secrets are written down nowhere', async () => {
    await desk.setUp('0367', '-300', { language: 'en' }, true);
    const watch = desk.daemon();
    desk.hook.status = 500;
    await desk.delivery('0367', 'retailcrm', 'dead');
    await desk.turn(watch);
    await desk.later('25 hours');
    await watch.send();
    const { rows } = await desk.db.pool.query<{ state: string; last_error: string }>(
      'SELECT state, last_error FROM alert_notices ORDER BY id',
    );
    expect(rows.map(({ state }) => state)).toEqual(['failed', 'failed']);
    const written = JSON.stringify([rows, desk.log]);
    expect(written).toContain('chat not found');
    expect(written).not.toContain(TOKEN);
    expect(written).not.toContain('key-in-the-path-0001');
  });

  test('a hundred that begin at once are one message, of a length Telegram takes', async () => {
    desk.enterprises = Array.from({ length: 100 }, (_, i) => ({
      number: `1${i}`,
      name: '',
      accounts: ['retailcrm'],
      pbx: null,
    }));
    await desk.setUp('', '-200', { language: 'ru' }, true);
    for (const { number } of desk.enterprises) await desk.attempts(number, 'retailcrm', 0, 10);
    const told = await desk.turn(desk.daemon(), '-200');
    expect([told.length, told.at(-1)]).toEqual([21, '… и ещё 80']);
    expect(desk.hook.posted.map(({ alerts }) => alerts.length)).toEqual([100]);
  });
});
