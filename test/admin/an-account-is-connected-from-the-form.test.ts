import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { callerOf, oldUser, outcomeOf } from './admin-client.js';
import type { Caller } from './admin-client.js';
import { enterpriseEntryOf } from './enterprises.js';

const KEY = 'key-that-nobody-may-see-again-9876';
const which = { enterprise: '0367', type: 'retailcrm' } as const;

describe('an account is connected from the form', () => {
  let running: TestApp;
  let crm: RetailCrmStandIn;
  let ann: Caller;
  beforeAll(async () => {
    crm = await startRetailCrmStandIn({ keys: { [KEY]: null, 'key-without-rights-00': [] } });
    running = await startTestApp({ enterprises: [enterpriseEntryOf('0367', { integrations: {} })] });
    ann = callerOf(running.app.url, await oldUser(running.db, '0367'));
  });
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    await crm.stop();
  });

  const form = () => ann.api.integrations.get.query(which);
  const save = (settings: Record<string, unknown>, version: number, enabled = true) =>
    ann.api.integrations.save.mutate({ ...which, settings: settings as never, version, enabled });
  const fieldsOf = async (call: Promise<unknown>) => {
    const error = await call.catch((thrown: unknown) => thrown);
    return (error as { data: { fields: { path: string }[] | null } }).data.fields?.map(({ path }) => path);
  };

  it('shows a form for each kind of CRM, in both languages, with the schema of what may be saved', async () => {
    for (const { type } of await ann.api.integrations.list.query({ enterprise: '0367' })) {
      const { schema, fields, guide } = await ann.api.integrations.get.query({ enterprise: '0367', type });
      expect(Object.keys(schema['properties'] as object)).toEqual(Object.keys(fields));
      expect(guide.ru).toMatch(/[а-я]/);
      for (const [name, { title, group }] of Object.entries(fields)) {
        expect(title.en, name).not.toBe('');
        // A field the form shows has a Russian name of its own.
        if (group !== 'kept') expect(title.ru, `${type}.${name}`).toMatch(/[а-яё]|\p{Lu}/u);
        expect(title.ru === title.en && /[a-z] [a-z]/.test(title.en), `${type}.${name} in Russian`).toBe(false);
      }
    }
  });

  it('refuses what does not parse, naming the fields, and saves nothing of it', async () => {
    expect(await fieldsOf(save({ api_url: crm.url }, 0))).toEqual(['api_key']);
    expect(await fieldsOf(save({ api_url: 'no address', api_key: KEY }, 0))).toEqual(['api_url']);
    expect(await fieldsOf(ann.api.integrations.toggle.mutate({ ...which, version: 0, enabled: true }))).toContain(
      'api_key',
    );
    expect(await form()).toMatchObject({ version: 0, enabled: false, settings: {} });
  });

  it('refuses an address on a private network at once, saved or only tested', async () => {
    expect(await fieldsOf(save({ api_url: 'http://10.0.0.1', api_key: KEY }, 0))).toEqual(['api_url']);
    expect(
      await fieldsOf(
        ann.api.integrations.testConnection.mutate({
          ...which,
          settings: { api_url: 'http://[fd00::1]', api_key: KEY },
        }),
      ),
    ).toEqual(['api_url']);
  });

  it('tests what is not saved yet: a wrong key, one without rights, the right one', async () => {
    const test = (api_key: string) =>
      ann.api.integrations.testConnection.mutate({ ...which, settings: { api_url: crm.url, api_key } });
    const wrong = await test('a-wrong-key-12345');
    expect(wrong).toMatchObject({ ok: false });
    expect(wrong.next?.en).toMatch(/key/i);
    const poor = await test('key-without-rights-00');
    expect(poor.ok ? poor.warnings : [poor.why]).not.toEqual([]);
    expect(await test(KEY)).toMatchObject({ ok: true, code: null });
    expect(JSON.stringify([wrong, await test(KEY)])).not.toContain(KEY);
  });

  it('saves, shows the key as its end only, and the light is on', async () => {
    expect(await save({ api_url: crm.url, api_key: KEY }, 0)).toEqual({ version: 1 });
    const shown = await form();
    expect(shown).toMatchObject({ version: 1, enabled: true, settings: { api_url: crm.url, api_key: '••••9876' } });
    expect(JSON.stringify(shown)).not.toContain(KEY);
    const { rows } = await running.db.pool.query('SELECT integrations_config::text AS text FROM enterprises');
    expect(JSON.stringify(rows)).not.toContain(KEY);
    const cards = await ann.api.integrations.list.query({ enterprise: '0367' });
    expect(cards.find(({ type }) => type === 'retailcrm')?.light).toMatchObject({ state: 'active', code: 'ok' });
  });

  it.each(['unchanged', '••••9876', ''])('keeps a key the form sends as "%s"', async (api_key) => {
    const { version } = await form();
    await save({ api_url: crm.url, api_key, cards: 'answer' }, version);
    expect(await form()).toMatchObject({ settings: { api_key: '••••9876', cards: 'answer' } });
    expect((await ann.api.integrations.testConnection.mutate({ ...which, settings: {} })).ok).toBe(true);
  });

  it('sends a key to no other address than the one it was entered for', async () => {
    const thief = await startRetailCrmStandIn({ keys: { [KEY]: null } });
    try {
      const { version } = await form();
      const settings = { api_url: thief.url, api_key: 'unchanged' };
      expect(await fieldsOf(save(settings, version))).toEqual(['api_key']);
      expect(await fieldsOf(ann.api.integrations.testConnection.mutate({ ...which, settings }))).toEqual(['api_key']);
      expect(thief.exchanges).toHaveLength(0);
    } finally {
      await thief.stop();
    }
  });

  it('lets two administrators not overwrite each other', async () => {
    const { version } = await form();
    await save({ cards: 'ring' }, version);
    expect(await outcomeOf(save({ cards: 'never' }, version))).toBe('CONFLICT');
    expect(await outcomeOf(ann.api.integrations.toggle.mutate({ ...which, version, enabled: false }))).toBe('CONFLICT');
    expect(await form()).toMatchObject({ version: version + 1, settings: { cards: 'ring' } });
  });

  it('loads the users, shows who is who, and keeps what is chosen', async () => {
    const loaded = await until('the new account to run', async () => {
      const answer = await ann.api.integrations.loadUsers.mutate(which).catch(() => null);
      return answer && answer.users.length > 0 ? answer : null;
    });
    expect(loaded.users.map(({ id }) => id).sort()).toEqual(['7', '8', '9']);
    const before = await ann.api.integrations.mapping.query(which);
    expect(before.extensions).toMatchObject([
      { number: '151', user: null },
      { number: '152', user: null },
    ]);
    await ann.api.integrations.saveMapping.mutate({
      ...which,
      version: before.version,
      chosen: { '7': '151', '9': '151' },
    });
    const after = await until('the mapping', async () => {
      const now = await ann.api.integrations.mapping.query(which);
      return now.chosen['9'] === '151' ? now : null;
    });
    expect(after.findings).toContainEqual({ kind: 'shared', extension: '151', users: ['7', '9'] });
    expect(after.users.find(({ id }) => id === '9')).toMatchObject({ chosen: '151', extension: '151' });
  });

  it('is switched off and on without losing anything, and taken away with its secrets', async () => {
    let { version } = await form();
    ({ version } = await ann.api.integrations.toggle.mutate({ ...which, version, enabled: false }));
    expect(await form()).toMatchObject({ enabled: false, settings: { api_key: '••••9876' } });
    ({ version } = await ann.api.integrations.toggle.mutate({ ...which, version, enabled: true }));
    await ann.api.integrations.remove.mutate({ ...which, version });
    expect(await form()).toMatchObject({ version: version + 1, enabled: false, settings: {} });
    const { rowCount } = await running.db.pool.query('SELECT FROM integration_secrets WHERE integration_type = $1', [
      which.type,
    ]);
    expect(rowCount).toBe(0);
    expect(await outcomeOf(save({ api_url: crm.url, api_key: KEY }, version))).toBe('CONFLICT');
  });

  it('has written each change down by the names of what changed, and the key nowhere', async () => {
    const { rows } = await running.db.pool.query<{ action: string; actor: string; detail: object }>(
      `SELECT action, actor, detail FROM audit_log WHERE enterprise_number = '0367' ORDER BY id`,
    );
    expect(rows.map(({ action }) => action)).toEqual(
      expect.arrayContaining([
        'integrations.save',
        'integrations.toggle',
        'integrations.saveMapping',
        'integrations.remove',
      ]),
    );
    expect(rows.find(({ action }) => action === 'integrations.save')).toMatchObject({
      actor: expect.stringMatching(/^user:/) as string,
      detail: { type: 'retailcrm', version: 1, fields: ['api_url', 'api_key', 'enabled'] },
    });
    expect(JSON.stringify(rows) + running.log.join('\n')).not.toContain(KEY);
  });
});
