/** One daemon, real calls of a simulated PBX, and who looks at them: the live log, a call's story, dead letters, and what is refused. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { describeWith } from '../pbx/available.js';
import { until } from '../support/until.js';
import { PAGES, faultsOf } from './support/every-page.js';
import { retailCrmOn, uiEnterprise } from './support/enterprise.js';
import { rowsOn, storedRows, watchRows } from './support/live-rows.js';
import { JOURNEY_MS, PASSWORD, startSite } from './support/site.js';
import type { Site } from './support/site.js';
import type { Visitor } from './support/visitor.js';

/** What a client calls himself, and what a CRM says, are made of this. */
const HOSTILE = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';

/** How long the connection is away. */
const BREAK_MS = 10_000;

vi.setConfig({ testTimeout: JOURNEY_MS });

describeWith(['chromium'], 'what an administrator sees', () => {
  let site: Site;
  let ann: Visitor;

  beforeAll(async () => {
    site = await startSite({
      enterprises: (crms, pbxPort) => [
        uiEnterprise('0367', pbxPort, {
          integrations: { retailcrm: retailCrmOn(crms.retailcrm.url) },
        }),
        uiEnterprise('0368', null),
      ],
      accounts: { ann: '0367', boris: '0367' },
    });
    ann = await site.visit();
    await ann.go('/');
    await ann.logIn('ann');
  }, JOURNEY_MS);
  afterAll(async () => {
    await ann[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });

  it('shows a call as it goes on, and what the CRM was told, without a reload', async () => {
    const { page, t } = ann;
    await ann.go('/e/0367');
    await page.locator('[data-live=live]').waitFor();
    await site.pbx.play('inbound-answered');
    await page
      .getByRole('table', { name: t.log.title })
      .getByText(t.log.events['hangup'] ?? '', { exact: false })
      .first()
      .waitFor();
    // The figures come with the events, not with the next look.
    await expect.poll(() => figure(t.dashboard.callsToday), { timeout: 2_000 }).toBe('1');
    await ann.accessible('dashboard');
  });

  const figure = (name: string) =>
    ann.page.locator('.tile', { hasText: name }).locator('dd').innerText({ timeout: 1_000 });

  it('has every part examined, and says what was found', async () => {
    const { page, t } = ann;
    await ann.go('/e/0367/pbx');
    await page.getByRole('button', { name: t.doctor.run }).click();
    await page.locator('.findings .light-ok').first().waitFor();
    await ann.accessible('doctor');
  });

  it('tells the story of that call, from the PBX to the CRM', async () => {
    const { page, t } = ann;
    await ann.go('/e/0367/calls');
    await page
      .getByRole('link', { name: new RegExp(`^${t.calls.open}`) })
      .first()
      .click();
    await page.getByRole('heading', { name: t.timeline.story }).waitFor();
    await page
      .getByText(t.log.statuses['success'] ?? '')
      .first()
      .waitFor();
    await page.getByRole('switch', { name: t.timeline.showFacts }).click();
    await page.locator('.moment-fact').first().waitFor();
    await ann.accessible('call');
  });

  it('finds a line of the log by what is asked for, and shows request and answer', async () => {
    const { page, t } = ann;
    await ann.go('/e/0367/log?status=success');
    await page
      .getByRole('button', { name: new RegExp(`^${t.common.details}`) })
      .first()
      .click();
    await page.getByRole('dialog').getByRole('region', { name: t.log.request }).waitFor();
    await ann.accessible('log-entry');
    await page.keyboard.press('Escape');
    await page.getByLabel(t.log.phone).fill('+375 29 999-99-99');
    await page.getByRole('button', { name: t.common.search, exact: true }).click();
    await page.getByText(t.log.emptyWhy).waitFor();
    expect(page.url()).toContain('phone=');
  });

  it.each([
    { language: 'ru', width: 390, then: 1280 },
    { language: 'en', width: 1280, then: 390 },
  ] as const)('shows every page in $language at $width and $then px', async ({ language, width, then }) => {
    await using operator = await site.visit({ language, width });
    await operator.go('/');
    await operator.logIn('admin');
    const faults: string[] = [];
    const look = async (name: string) => {
      const found = await faultsOf(operator);
      faults.push(...found.map((fault) => `${name} at ${operator.width} px: ${fault}`));
    };
    for (const [name, address] of Object.entries(PAGES)) {
      await operator.go(address);
      await operator.settled();
      await look(name);
      await operator.accessible(name).catch((error: unknown) => faults.push(String(error)));
      await operator.resize(then);
      await look(name);
      await operator.resize(width);
    }
    expect([...faults, ...operator.problems]).toEqual([]);
  });

  it('is no wider than the window when that grows narrower, before its charts are drawn anew', async () => {
    await using operator = await site.visit();
    await operator.go('/');
    await operator.logIn('admin');
    // They are told of no change.
    await operator.page.addInitScript('window.ResizeObserver = class { observe() {} unobserve() {} disconnect() {} }');
    await operator.go('/e/0367/stats');
    await operator.settled();
    const drawn = await operator.page.locator('.chart canvas').first().boundingBox();
    await operator.resize(390);
    expect(drawn?.width).toBeGreaterThan(600);
    expect(await faultsOf(operator)).toEqual([]);
  });

  it('shows what a CRM refused for good as text, whatever it says, and sends it again', async () => {
    const { page, t } = ann;
    const { rows: before } = await site.test.db.pool.query('SELECT id FROM deliveries ORDER BY id DESC LIMIT 1');
    expect(before).toHaveLength(1);
    site.crms.retailcrm.faults.always(
      { kind: 'status', status: 400, body: JSON.stringify({ success: false, errorMsg: HOSTILE }) },
      'calls/upload',
    );
    await site.pbx.play('inbound-answered');
    await ann.go('/e/0367/deliveries');
    await page.getByText('<img src=x', { exact: false }).first().waitFor();
    expect(await page.title()).not.toBe('owned');
    expect(await page.locator('main img').count()).toBe(0);
    await ann.accessible('dead-letters');
    site.crms.retailcrm.faults.clear();
    const records = site.crms.retailcrm.state.calls.length;
    await page.getByLabel(t.deliveries.selectAll).check();
    await page.getByRole('button', { name: t.deliveries.replay }).first().click();
    await page.getByText(t.deliveries.empty).waitFor();
    await expect.poll(() => site.crms.retailcrm.state.calls.length, { timeout: 10_000 }).toBe(records + 1);
  });

  it('shows a client who calls himself a script as text', async () => {
    const { page } = ann;
    await site.test.db.pool.query('UPDATE calls SET phone = $1', [HOSTILE]);
    await site.test.db.pool.query('UPDATE integration_logs SET phone = $1', [HOSTILE]);
    for (const address of ['/e/0367', '/e/0367/calls', '/e/0367/log']) {
      await ann.go(address);
      await page.getByText('<img src=x', { exact: false }).first().waitFor();
      expect(await page.title()).not.toBe('owned');
    }
    expect(ann.problems).toEqual([]);
  });

  it('shows what is wrong with its count, takes it that somebody knows, and sets whom to tell', async () => {
    const { page, t } = ann;
    await site.test.db.pool.query(
      `INSERT INTO alerts (enterprise_number, kind, subject, level, detail, began_at, ended_at) VALUES
       ('0367', 'queue-age', 'retailcrm', 1, $1, now(), NULL), ('0367', 'pbx-link', '192.0.2.1:5038', 1, '{}', now() - interval '3 hours', now() - interval '1 hour')`,
      [JSON.stringify({ minutes: 12, count: 3, why: HOSTILE })],
    );
    await ann.go('/e/0367/alerts');
    // Beside what the daemon has found by itself meanwhile.
    const queue = t.alerts.kinds['queue-age'];
    const now = page.getByRole('region', { name: t.alerts.current }).getByRole('row').filter({ hasText: queue });
    await now.getByText('<img src=x', { exact: false }).waitFor();
    await page.getByRole('link', { name: new RegExp(`^${t.nav.alerts} \\d+ ${t.alerts.current}$`) }).waitFor();
    await page.getByRole('region', { name: t.alerts.past }).getByText('192.0.2.1:5038').waitFor();
    await now.getByRole('button', { name: new RegExp(`^${t.alerts.acknowledge}`) }).click();
    await now.getByText(t.alerts.acknowledgedBy('ann')).waitFor();
    await now.getByRole('button', { name: new RegExp(`^${t.alerts.mute(24)}`) }).click();
    await now.getByRole('button', { name: new RegExp(`^${t.alerts.unmute}`) }).waitFor();
    expect(await page.title()).not.toBe('owned');

    await page.getByLabel(t.alerts.fields.botToken).fill('1:abc');
    await page.getByLabel(t.alerts.fields.telegramChat).fill('nobody');
    await page.getByLabel(t.alerts.fields.telegramUrl).fill(site.crms.telegram.url);
    await page.getByRole('button', { name: t.common.save, exact: true }).click();
    await page.locator('.field-error').waitFor();
    await page.getByLabel(t.alerts.fields.telegramChat).fill('-100');
    await page.getByRole('button', { name: t.common.save, exact: true }).click();
    await page.getByRole('button', { name: t.alerts.test }).click();
    await page.getByText(t.alerts.arrived(t.alerts.channels.telegram)).waitFor();
    expect(site.crms.telegram.state.in('-100').map(({ text }) => text)).toContain(
      'Trunkline: проверка. Сюда будут приходить оповещения.',
    );
    await page.setViewportSize({ width: 360, height: 740 });
    const cell = await now.locator('.alert-what').boundingBox();
    expect((cell?.x ?? 0) + (cell?.width ?? 999)).toBeLessThanOrEqual(348);
    await ann.accessible('alerts-narrow');
    await page.setViewportSize({ width: ann.width, height: 860 });
    expect(ann.problems).toEqual([]);
  });

  it('sends little before it can be used', async () => {
    await using boris = await site.visit();
    let bytes = 0;
    const session = await boris.context.newCDPSession(boris.page);
    await session.send('Network.enable');
    session.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
    const began = Date.now();
    await boris.go('/');
    await boris.page.getByRole('button', { name: boris.t.login.submit }).waitFor();
    const line = `first load: ${Math.round(bytes / 1024)} KiB over the line, usable ${Date.now() - began} ms after it was asked for`;
    process.stdout.write(`${line}\n`);
    expect(bytes).toBeLessThan(250 * 1024);
  });

  it('does not let two administrators overwrite each other unseen', async () => {
    const { page, t } = ann;
    await using boris = await site.visit({ language: 'en' });
    await boris.go('/');
    await boris.logIn('boris');
    for (const one of [ann, boris]) {
      await one.go('/e/0367/integrations/retailcrm');
      await one.page.getByRole('button', { name: new RegExp(`^${one.t.settings.rules}`) }).click();
    }
    await boris.page.locator('[data-setting=default_extension] input').fill('152');
    await boris.page.getByRole('button', { name: boris.t.common.save, exact: true }).click();
    await boris.page.getByText(boris.t.common.saved).first().waitFor();
    await page.locator('[data-setting=default_extension] input').fill('151');
    await page.getByRole('button', { name: t.common.save, exact: true }).click();
    await page.getByRole('button', { name: t.settings.conflictLoad }).waitFor();
    // Whoever has come down to the last of the settings sees it too.
    const told = await page.getByRole('button', { name: t.settings.conflictLoad }).boundingBox();
    expect(told?.y).toBeGreaterThan(0);
    await ann.picture('conflict');
    // While the new version is on its way, on a slow line, nothing is sent with the old one.
    const slow = /integrations\.get/;
    const saves: string[] = [];
    page.on('request', (request) => request.url().includes('integrations.save') && saves.push(request.url()));
    await page.route(slow, async (route) => {
      await delay(700);
      await route.continue();
    });
    await page.getByRole('button', { name: t.settings.conflictLoad }).click();
    await page.getByRole('button', { name: t.common.save, exact: true }).click();
    await page.getByRole('button', { name: t.settings.conflictLoad }).waitFor({ state: 'detached' });
    expect(saves).toEqual([]);
    await page.unroute(slow);
    expect(await page.locator('[data-setting=default_extension] input').inputValue()).toBe('151');
    await page.getByRole('button', { name: t.common.save, exact: true }).click();
    await page.getByText(t.common.saved).first().waitFor();
    const { rows } = await site.test.db.pool.query(
      "SELECT integrations_config->'retailcrm'->>'default_extension' AS chosen FROM enterprises WHERE number = '0367'",
    );
    expect(rows).toEqual([{ chosen: '151' }]);
  });

  it('refuses another enterprise, by address', async () => {
    const { page, t } = ann;
    for (const address of ['/e/0368', '/e/0368/integrations']) {
      await ann.go(address);
      await page.getByText(t.errors.forbidden).first().waitFor();
      expect(await page.getByText('Example 0368').count()).toBe(0);
    }
    await ann.picture('another-enterprise');
  });

  it('says that the connection is lost, comes back by itself and misses nothing of ten seconds', async () => {
    const { page, t } = ann;
    await ann.go('/e/0367');
    await page.locator('[data-live=live]').waitFor();
    await page.getByRole('table', { name: t.log.title }).getByRole('row').nth(1).waitFor();
    await using log = await ann.another('/e/0367/log');
    await log.page.locator('[data-live=live]').waitFor();
    const told = await storedRows(site, '0367');
    const shown = await watchRows(page);
    await site.pbx.play('inbound-answered');
    await site.test.app.idle();
    await shown.until((await storedRows(site, '0367')).filter(({ key }) => !told.some((one) => one.key === key)));
    site.line.cut();
    const over = Date.now() + BREAK_MS;
    await page.getByText(t.connection.lost).waitFor();
    await ann.accessible('connection-lost');
    await Promise.all(['inbound-missed', 'inbound-answered'].map((call) => site.pbx.play(call)));
    await site.test.app.idle();
    await delay(over - Date.now());
    site.line.heal();
    await page.getByText(t.connection.lost).waitFor({ state: 'hidden' });
    await page.locator('[data-live=live]').waitFor();
    const rows = (await storedRows(site, '0367')).filter(({ key }) => !told.some((one) => one.key === key));
    await shown.until(rows);
    expect(await shown.doubled()).toEqual([]);
    // The other page says how many there are until somebody wants to see them.
    await until('the lines on the page of the log', async () => {
      const news = log.page.getByRole('button', { name: /новых|новая|новые/ });
      // It goes when the page reads its lines anew by itself.
      if ((await news.count()) > 0) await news.click({ timeout: 1_000 }).catch(() => undefined);
      const lines = await rowsOn(log.page);
      return rows.every(({ key }) => lines.includes(key));
    });
    const lines = await rowsOn(log.page);
    expect(lines.slice(0, rows.length).sort()).toEqual(rows.map(({ key }) => key).sort());
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('asks to log in again when the session is over, and comes back to the same page', async () => {
    const { page, t } = ann;
    await ann.go('/e/0367/calls');
    await page.getByRole('heading', { name: t.calls.title }).waitFor();
    await site.test.db.pool.query('DELETE FROM admin_sessions');
    // What he asks for is refused; what the page asks for by itself may be refused before that.
    const ended = page.getByText(t.login.ended);
    await Promise.any([page.getByLabel(t.calls.direction).selectOption('in', { timeout: 2_000 }), ended.waitFor()]);
    await ended.waitFor();
    expect(await page.getByRole('table').count()).toBe(0);
    await ann.picture('session-over');
    await ann.logIn('ann');
    await page.getByRole('heading', { name: t.calls.title }).waitFor();
    expect(page.url()).toContain('/e/0367/calls');
  });

  it('lets the operator see every enterprise with its lights', async () => {
    await using operator = await site.visit({ language: 'en', dark: true });
    await operator.go('/');
    await operator.logIn('admin');
    await operator.page.getByRole('link', { name: /0368/ }).waitFor();
    await operator.page
      .getByText(operator.t.pbxLight['live'] ?? '')
      .first()
      .waitFor();
    await operator.accessible('enterprises');
    await operator.go('/operator/alerts');
    await operator.page.getByText(operator.t.alerts.nobody).waitFor();
    await operator.page.getByRole('cell', { name: '0367' }).first().waitFor();
    await operator.accessible('operator-alerts');
    expect(operator.problems).toEqual([]);
  });

  it('lets the operator make an enterprise, says what is wrong, and keeps what his form does not show', async () => {
    await using operator = await site.visit();
    const { page, t } = operator;
    const f = t.enterprises.fields;
    await operator.go('/');
    await operator.logIn('admin');
    await page.getByRole('button', { name: t.enterprises.add }).click();
    // A toast is a dialog, too.
    const dialog = page.locator('.modal');
    await dialog.getByLabel(f.number).fill('0369');
    await dialog.getByLabel(f.timezone).fill('Nowhere/Town');
    await dialog.getByLabel(f.extensions).fill('151 Ann Testova +375290000009\n152');
    await dialog.getByRole('button', { name: t.common.save }).click();
    await dialog.getByText(/Europe\/Moscow/).waitFor();
    await operator.accessible('enterprise-form');
    await dialog.getByLabel(f.timezone).fill('Europe/Moscow');
    await dialog.getByRole('button', { name: t.common.save }).click();
    await dialog.waitFor({ state: 'hidden' });
    const stored = async (number: string) =>
      (await site.test.db.pool.query('SELECT trunkline AS own FROM enterprises WHERE number = $1', [number])).rows;
    expect(await stored('0369')).toMatchObject([
      {
        own: {
          mode: 'off',
          timezone: 'Europe/Moscow',
          extensions: [{ number: '151', mobile: '+375290000009' }, { number: '152' }],
        },
      },
    ]);
    const [{ own: before }] = (await stored('0367')) as [{ own: object }];
    await page.getByRole('button', { name: `${t.enterprises.edit}: 0367` }).click();
    await dialog.getByLabel(f.name, { exact: true }).fill('Renamed');
    // Somebody else saves meanwhile: nothing of his is overwritten, nothing of ours is lost.
    await site.test.db.pool.query(
      `UPDATE enterprises SET trunkline = jsonb_set(trunkline, '{version}', to_jsonb((trunkline->>'version')::int + 1)) WHERE number = '0367'`,
    );
    await dialog.getByRole('button', { name: t.common.save }).click();
    await dialog.getByRole('button', { name: t.settings.conflictLoad }).click();
    await dialog.getByText(t.settings.conflict).waitFor({ state: 'hidden' });
    await dialog.getByRole('button', { name: t.common.save }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('link', { name: /Renamed/ }).waitFor();
    const [{ own: after }] = (await stored('0367')) as [{ own: object }];
    expect({ ...after, version: 0 }).toEqual({ ...before, version: 0 });
    expect(operator.problems).toEqual([]);
  });

  it('lets everybody change his own password, which ends his sessions', async () => {
    await using boris = await site.visit();
    const { page, t } = boris;
    await boris.go('/');
    await boris.logIn('boris');
    await page.getByRole('button', { name: new RegExp(`^${t.nav.account}`) }).click();
    await page.getByRole('menuitem', { name: t.nav.changePassword }).click();
    await page.getByLabel(t.nav.oldPassword).fill('not-it-at-all');
    await page.getByLabel(t.users.newPassword).fill('longer-and-invented-2');
    await page.getByRole('button', { name: t.common.save }).click();
    await page.getByText('Это не ваш пароль').waitFor();
    await boris.accessible('own-password');
    await page.getByLabel(t.nav.oldPassword).fill(PASSWORD);
    await page.getByRole('button', { name: t.common.save }).click();
    await boris.logIn('boris', 'longer-and-invented-2');
    expect(boris.problems).toEqual([]);
  });
});
