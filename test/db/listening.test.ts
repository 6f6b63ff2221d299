import { expect, test, vi } from 'vitest';
import { CHANNELS, createListener } from '../../src/db/listen.js';
import { asAdmin, withDb } from '../support/db.js';

const SOON = { timeout: 10_000 };

function cut(database: string): Promise<unknown> {
  return asAdmin((admin) =>
    admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'trunkline-listen'`,
      [database],
    ),
  );
}

test('what another process sends is heard; after a lost connection listening goes on and says so', async () => {
  await withDb(async ({ pool, url, name }) => {
    const heard: string[] = [];
    const onReconnect = vi.fn();
    const listener = createListener({
      url,
      channels: {
        [CHANNELS.config]: (number) => heard.push(`config ${number}`),
        [CHANNELS.inbox]: (pbx) => heard.push(`inbox ${pbx}`),
      },
      onReconnect,
    });
    listener.start();
    try {
      await vi.waitFor(() => expect(onReconnect).toHaveBeenCalledTimes(1), SOON);
      await pool.query(
        `SELECT pg_notify('integration_config_changed', '0367'), pg_notify('trunkline_inbox', 'a:5038'), pg_notify('another', 'x')`,
      );
      await vi.waitFor(() => expect(heard).toEqual(['config 0367', 'inbox a:5038']), SOON);
      await cut(name);
      await vi.waitFor(() => expect(onReconnect).toHaveBeenCalledTimes(2), SOON);
      expect(listener.connected()).toBe(true);
      await pool.query(`SELECT pg_notify('integration_config_changed', '0368')`);
      await vi.waitFor(() => expect(heard).toContain('config 0368'), SOON);
    } finally {
      await listener.stop();
    }
    expect(listener.connected()).toBe(false);
  });
});

test('a handler that throws disturbs neither the connection nor the others', async () => {
  await withDb(async ({ pool, url }) => {
    const heard: string[] = [];
    const onReconnect = vi.fn(() => {
      throw new Error('also this one');
    });
    const listener = createListener({
      url,
      channels: {
        [CHANNELS.deliveries]: () => {
          throw new Error('broken');
        },
        [CHANNELS.inbox]: (pbx) => heard.push(pbx),
      },
      onReconnect,
    });
    listener.start();
    try {
      await vi.waitFor(() => expect(listener.connected()).toBe(true), SOON);
      await pool.query(`NOTIFY trunkline_deliveries; NOTIFY trunkline_inbox, 'a:5038'`);
      await vi.waitFor(() => expect(heard).toEqual(['a:5038']), SOON);
      expect(onReconnect).toHaveBeenCalledTimes(1);
    } finally {
      await listener.stop();
    }
  });
});

test('a listener whose database cannot be reached is stopped at once all the same', async () => {
  const listener = createListener({ url: 'postgres://nobody@127.0.0.1:1/none', channels: {} });
  listener.start();
  await listener.stop();
  expect(listener.connected()).toBe(false);
});
