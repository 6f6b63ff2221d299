import { expect, it } from 'vitest';
import { createHostKeys } from '../../src/db/host-keys.js';
import { openSsh } from '../../src/platform/ssh.js';
import { openEventDatabase } from '../../src/recovery/event-database.js';
import { describeWith } from '../pbx/available.js';
import { keepEvents } from '../pbx/event-database.js';
import { startSshHost } from '../pbx/sshd.js';
import { createCutProxy } from '../support/cut-proxy.js';
import { createTestDb } from '../support/db.js';
import { until } from '../support/until.js';

const DAY = '2026-11-20';
const row = (n: number, size: number) => ({
  at: `${DAY} 12:00:00`,
  event: 'start',
  body: { UniqueId: `1700000000.${n}`, Phone: 'x'.repeat(size) },
});

describeWith(['asterisk-22'], 'a host whose databases are read', () => {
  it('goes on writing its events when the line stalls in the middle of an answer', async () => {
    const db = await createTestDb();
    await using host = await startSshHost({ version: 22 });
    // Far more than a pipe and the buffers of the line hold.
    await keepEvents(
      host,
      DAY,
      Array.from({ length: 2_000 }, (_, n) => row(n, 8_000)),
    );
    let heard = 0;
    const line = await createCutProxy({ host: host.host, port: host.port }, () => (heard += 1));
    const { shell: username } = host.users;
    const target = { host: line.host, port: line.port, username, password: host.password };
    const session = await openSsh({ ...target, privateKey: null, hostKey: null }, createHostKeys(db.pool));
    try {
      const database = openEventDatabase(session, `${host.folderInside}/Listen_AMI_${DAY}.db`, 'sqlite3');
      expect(await database.rows({ a: 1_999, l: 0 }, 10)).toHaveLength(1);
      const before = heard;
      const reading = database.rows({ a: 0, l: 0 }, 2_000);
      reading.catch(() => undefined);
      await until('the question to be on its way', () => heard > before);
      await new Promise((resolve) => setTimeout(resolve, 150));
      line.hang();
      const began = performance.now();
      await keepEvents(host, DAY, [row(2_001, 10)]);
      expect(performance.now() - began).toBeLessThan(4_000);
      line.heal();
      expect(await reading).toHaveLength(2_000);
    } finally {
      session.close();
      await line.close();
      await db.drop();
    }
  });
});
