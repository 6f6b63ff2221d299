import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../src/db/migrate.js';
import { CHANNELS, createListener } from '../../src/db/listen.js';
import { createPool } from '../../src/db/pool.js';
import type { Pool } from '../../src/db/pool.js';
import { createTestDb, withDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { until } from '../support/until.js';
import { directoryOn, FIRST, importText } from './settings-ground.js';

const fleet = (generation: 'a' | 'b') => new URL(`../db/fleet/fleet-schema-${generation}.sql`, import.meta.url);

describe.each(['a', 'b'] as const)('beside a fleet database of generation %s, the directory', (generation) => {
  let db: TestDb;
  let pool: Pool;
  beforeAll(async () => {
    db = await createTestDb({ empty: true });
    await db.pool.query(readFileSync(fleet(generation), 'utf8'));
    await migrate(db.url);
    // A pool made before the migration looks into the old system's schema alone.
    pool = createPool(db.url);
  });
  afterAll(async () => {
    await pool.end();
    await db.drop();
  });

  it('finds enterprises by the old token, switched off until an operator says otherwise', async () => {
    const directory = directoryOn(pool);
    await directory.refresh();
    expect(directory.byToken('unit-token-0416')).toMatchObject({
      number: '0416',
      name: 'Пример Плюс',
      mode: 'off',
      pbx: null,
      pbxKey: 'webhook/0416',
      webhookFrom: ['192.0.2.16/32'],
      clientId: 'clientid-0416',
      integrations: { retailcrm: { enabled: true, domain: 'https://crm-0416.example.invalid', api_key: 'key-0416' } },
    });
    expect(directory.byNumber('0422')?.integrations).toHaveProperty(
      'uon.incoming_call_actions.create_task',
      'on_missed',
    );
  });

  it('leaves out what the old system switched off', async () => {
    const directory = directoryOn(pool);
    await directory.refresh();
    expect(directory.all().map((enterprise) => enterprise.number)).toEqual(['0416', '0422']);
  });

  it('reads a configuration that was stored as text', async () => {
    await pool.query(
      `UPDATE enterprises SET integrations_config = to_jsonb(integrations_config::text) WHERE number = '0416'`,
    );
    const directory = directoryOn(pool);
    await directory.refresh();
    expect(directory.byNumber('0416')?.integrations).toHaveProperty('retailcrm.api_key', 'key-0416');
  });

  it('remembers the moment an enterprise was taken over', async () => {
    const directory = directoryOn(pool);
    const { rows } = await pool.query<{ now: Date }>('SELECT now()');
    await importText(pool, 'enterprises: [{ number: "0416", mode: shadow }]');
    await directory.refresh();
    expect(directory.byNumber('0416')).toMatchObject({ mode: 'shadow', takeoverAt: null, token: 'unit-token-0416' });
    await importText(pool, 'enterprises: [{ number: "0416", mode: on }]');
    await directory.refresh();
    expect(directory.byNumber('0416')?.mode).toBe('on');
    expect(directory.byNumber('0416')?.takeoverAt).toBeGreaterThanOrEqual(rows[0]?.now.getTime() ?? Infinity);
  });
});

describe('the directory', () => {
  it('follows what is committed elsewhere, and forgets what is disabled or deleted', async () => {
    await withDb(async ({ pool, url }) => {
      await importText(pool, FIRST);
      const directory = directoryOn(pool);
      await directory.refresh();
      const told: string[] = [];
      directory.onChange((numbers) => told.push(...numbers));
      const stop = new AbortController();
      const listener = createListener({ url, channels: { [CHANNELS.config]: () => directory.invalidate() } });
      listener.start();
      await until('the listener', () => listener.connected());
      const running = directory.run(stop.signal);
      try {
        await importText(pool, 'enterprises: [{ number: "0422", token: t-2, name: Second }]');
        await until('the new token', () => directory.byToken('t-2'));
        await pool.query(`UPDATE enterprises SET is_enabled = false WHERE number = '0422'`);
        await pool.query(`DELETE FROM enterprises WHERE number = '0367'`);
        await pool.query(`SELECT pg_notify('integration_config_changed', '0367')`);
        await until('nobody to be left', () => directory.all().length === 0);
        expect(directory.byToken('t-2')).toBeNull();
        expect(directory.onPbx('127.0.0.1:5038')).toEqual([]);
        expect(new Set(told)).toEqual(new Set(['0422', '0367']));
      } finally {
        stop.abort();
        await running;
        await listener.stop();
      }
    });
  });

  it('sees a change nobody told of at the next refresh', async () => {
    await withDb(async ({ pool }) => {
      await importText(pool, FIRST);
      const directory = directoryOn(pool, undefined, 50);
      const stop = new AbortController();
      const running = directory.run(stop.signal);
      try {
        await until('the first read', () => directory.loaded());
        await pool.query(`UPDATE enterprises SET name = 'Renamed' WHERE number = '0367'`);
        await until('the new name', () => directory.byNumber('0367')?.name === 'Renamed');
      } finally {
        stop.abort();
        await running;
      }
    });
  });

  it('keeps its last good state while the database is away, and tells its age', async () => {
    const directory = await withDb(async ({ pool }) => {
      await importText(pool, FIRST);
      const found = directoryOn(pool);
      await found.refresh();
      return found;
    });
    await expect(directory.refresh()).rejects.toThrow();
    expect(directory.byToken('unit-token-0001')?.number).toBe('0367');
    expect(directory.byToken('nobody')).toBeNull();
    expect(directory.stats()).toMatchObject({ enterprises: 1, hits: 1, misses: 1 });
    expect(directory.stats().ageMs).toBeGreaterThanOrEqual(0);
  });

  it('keeps an enterprise on its former settings when what is stored no longer parses, and says why', async () => {
    await withDb(async ({ pool }) => {
      await importText(pool, FIRST);
      const directory = directoryOn(pool);
      await directory.refresh();
      await pool.query(
        `UPDATE enterprises SET trunkline = jsonb_set(trunkline, '{pbx,port}', '"high"') WHERE number = '0367'`,
      );
      await importText(pool, 'enterprises: [{ number: "0422", token: t-2 }]');
      await directory.refresh();
      expect(directory.byNumber('0367')?.pbx?.port).toBe(5038);
      expect(directory.byNumber('0422')).not.toBeNull();
      expect(directory.stats().problems.get('0367')).toContain('pbx.port');
    });
  });
});
