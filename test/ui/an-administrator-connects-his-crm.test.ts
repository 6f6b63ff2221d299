/** The journey the page is for, in both languages and at both widths, with a real browser and strict CRMs. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../pbx/available.js';
import { uiEnterprise } from './support/enterprise.js';
import { JOURNEY_MS, startSite } from './support/site.js';
import type { Crms, Site } from './support/site.js';
import type { Language, Visitor } from './support/visitor.js';

interface Way {
  title: string;
  /** What is filled in: the setting's name and its text. */
  right(crms: Crms): Record<string, string>;
  wrong: Record<string, string>;
}

const WAYS: Record<string, Way> = {
  retailcrm: {
    title: 'RetailCRM',
    right: (crms) => ({ api_url: crms.retailcrm.url, api_key: 'key-for-everything-1' }),
    wrong: { api_key: 'key-of-somebody-else' },
  },
  bitrix24: {
    title: 'Bitrix24',
    right: (crms) => ({ webhook_url: `${crms.bitrix24.url}/rest/1/secret-of-webhook/` }),
    wrong: {},
  },
  amocrm: {
    title: 'amoCRM',
    right: (crms) => ({ base_url: crms.amocrm.url, access_token: 'token-1' }),
    wrong: { access_token: 'token-of-somebody-else' },
  },
  telegram: {
    title: 'Telegram',
    right: (crms) => ({ bot_token: '1:abc', chat_id: '-100', api_url: crms.telegram.url }),
    wrong: { bot_token: '2:abc' },
  },
};

const RUNS: readonly { number: string; language: Language; width: number; type: string }[] = [
  { number: '0101', language: 'ru', width: 1280, type: 'retailcrm' },
  { number: '0102', language: 'en', width: 360, type: 'bitrix24' },
  { number: '0103', language: 'ru', width: 360, type: 'amocrm' },
  { number: '0104', language: 'en', width: 1280, type: 'telegram' },
];

describeWith(['chromium'], 'an administrator connects his CRM', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite({
      enterprises: () => RUNS.map(({ number }) => uiEnterprise(number, null)),
      accounts: Object.fromEntries(RUNS.map(({ number }) => [`ann-${number}`, number])),
    });
  });
  afterAll(() => site[Symbol.asyncDispose]());

  it.each(RUNS)(
    'from zero, $language, $width px: $type',
    { timeout: JOURNEY_MS },
    async ({ number, language, width, type }) => {
      await using ann = await site.visit({ language, width });
      await ann.go('/');
      await ann.accessible('log-in');
      await ann.logIn(`ann-${number}`);
      await ann.page.getByRole('link', { name: ann.t.dashboard.integrations }).click();
      await ann.page.getByRole('dialog').getByText('RetailCRM').first().waitFor();
      await ann.accessible('integrations');
      await connect(ann, type);
      await ann.picture('integrations-connected');
      expect(ann.problems).toEqual([]);
      expect(await enabledIn(number)).toEqual([type]);
      if (type === 'telegram') {
        await remove(ann, type);
        expect(await enabledIn(number)).toEqual([]);
      }
    },
  );

  /** Switched on, filled in wrongly, tested, mended, saved, mapped, off and on again. */
  async function connect(ann: Visitor, type: string): Promise<void> {
    const { page, t } = ann;
    const { title, right, wrong } = WAYS[type] as Way;
    const dialog = page.getByRole('dialog');
    // A toast is a dialog, too, and has a button that closes it.
    const button = (name: string) => page.locator('.modal').getByRole('button', { name, exact: true });
    const configure = dialog.getByRole('button', { name: `${t.integrations.configure}: ${title}` });
    await configure.waitFor();
    expect(await configure.isDisabled()).toBe(true);
    await dialog.getByRole('switch', { name: t.integrations.on(title) }).click();
    // It lacks settings, so they open by themselves.
    await dialog.getByRole('heading', { name: t.settings.title(title) }).waitFor();
    await fill(ann, { ...right(site.crms), ...wrong });
    if (Object.keys(wrong).length > 0) {
      await button(t.settings.test).click();
      await dialog.getByText(t.settings.testBad).waitFor();
      await dialog.getByText(`${t.settings.next}:`).waitFor();
      await ann.picture(`wrong-key-${type}`);
    }
    await fill(ann, right(site.crms));
    await button(t.settings.test).click();
    await dialog.getByText(new RegExp(`^(${t.settings.testGood}|${t.settings.testWarn})$`)).waitFor();
    await ann.accessible(`settings-${type}`);
    await button(t.common.save).click();
    await page.getByText(t.common.saved).first().waitFor();
    if (type !== 'telegram') await mapUsers(ann, type);
    await button(t.common.close).first().click();
    await dialog.getByRole('heading', { name: t.integrations.title }).waitFor();
    await dialog.getByRole('switch', { name: t.integrations.on(title) }).isChecked();
    await toggle(ann, title, false);
    await toggle(ann, title, true);
    await button(t.common.close).first().click();
  }

  async function remove({ page, t, go }: Visitor, type: string): Promise<void> {
    await go(`/e/0104/integrations/${type}`);
    await page.getByRole('dialog').getByRole('button', { name: t.settings.remove }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: t.settings.remove }).click();
    await page.getByText(t.settings.removed('Telegram')).waitFor();
    await page.getByRole('heading', { name: t.integrations.title }).waitFor();
  }

  async function toggle({ page, t }: Visitor, title: string, on: boolean): Promise<void> {
    const dialog = page.getByRole('dialog');
    // While it switches it takes no click.
    const idle = page.locator(':not([aria-busy])');
    await dialog
      .getByRole('switch', { name: t.integrations.on(title) })
      .and(idle)
      .click();
    await page.getByText(on ? t.integrations.switchedOn(title) : t.integrations.switchedOff(title)).waitFor();
    if (on) await dialog.getByRole('heading', { name: t.settings.title(title) }).waitFor();
  }

  async function mapUsers({ page, t, picture }: Visitor, type: string): Promise<void> {
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: t.mapping.load }).click();
    const anns = dialog.getByLabel(`${t.mapping.extension}: Ann Testova`);
    await anns.scrollIntoViewIfNeeded();
    await anns.fill('152');
    await dialog.getByLabel(`${t.mapping.extension}: Boris Testov`).fill('152');
    await dialog.getByText(t.mapping.duplicate('Boris Testov')).waitFor();
    await picture(`mapping-${type}`);
    await anns.fill('151');
    await dialog.getByRole('button', { name: t.mapping.save }).click();
    await page.getByText(t.mapping.saved).waitFor();
  }

  /** Opens what is folded when a setting is in there. */
  async function fill({ page, t }: Visitor, settings: Record<string, string>): Promise<void> {
    const dialog = page.getByRole('dialog');
    for (const [name, text] of Object.entries(settings)) {
      const input = dialog.locator(`input[name=${name}]`);
      if ((await input.count()) === 0)
        await dialog.getByRole('button', { name: new RegExp(`^${t.settings.more}`) }).click();
      await input.fill(text);
    }
  }

  async function enabledIn(number: string): Promise<string[]> {
    const { rows } = await site.test.db.pool.query(
      'SELECT integrations_config AS config FROM enterprises WHERE number = $1',
      [number],
    );
    const config = (rows[0] as { config: Record<string, { enabled?: boolean }> }).config;
    return Object.keys(config)
      .filter((type) => config[type]?.enabled === true)
      .sort();
  }
});
