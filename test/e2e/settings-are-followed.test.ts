import { expect, test } from 'vitest';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { startAmiServer } from '../support/ami-server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { importInto, startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

test(
  'a daemon follows an import: AMI is turned on, the log-in changes, and is turned off again',
  { timeout: 60_000 },
  async () => {
    const pbx = await startAmiServer({ user: 'crm', secret: 'crm-secret' });
    const crm = await startRetailCrmStandIn();
    const enterprise = (more: object) => retailCrmEnterprise({ amiPort: pbx.port, crmUrl: crm.url, more });
    await using running = await startTestApp({ enterprises: [enterprise({ sources: ['webhook'] })] });
    const post = (uid: string) =>
      fetch(`${running.app.url}/start`, {
        method: 'POST',
        headers: { Token: 'unit-token-0001' },
        body: JSON.stringify({ UniqueId: uid, Phone: '375290000001', CallType: 0, Trunk: '0001363' }),
      }).then((answer) => answer.status);
    expect(await post('1700000000.1')).toBe(200);
    expect(pbx.peers).toHaveLength(0);

    await importInto(running.db, running.config, [enterprise({ sources: ['ami', 'webhook'] })]);
    await pbx.login(1);
    await until('the snapshot', async () => {
      const { rows } = await running.db.pool.query("SELECT 1 FROM asterisk_logs WHERE event_type = 'snapshot'");
      return rows.length > 0;
    });
    expect(await post('1700000000.2')).toBe(200);

    await importInto(running.db, running.config, [enterprise({ mode: 'off' })]);
    await until('the link to end', () => pbx.peers.every((peer) => peer.socket.destroyed || peer.socket.readableEnded));
    expect(await post('1700000000.3')).toBe(200);
    await until('both posts to be folded', async () => {
      const { rows } = await running.db.pool.query(
        "SELECT unique_id FROM asterisk_logs WHERE source = 'webhook' ORDER BY id",
      );
      return rows.length === 2;
    });
    await running.stop();
    await crm.stop();
    await pbx.close();
  },
);
