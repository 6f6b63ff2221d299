import { expect, it } from 'vitest';
import { cli } from '../cli/run-cli.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { callerOf, oldUser } from './admin-client.js';
import { enterpriseEntryOf } from './enterprises.js';

it('the doctor names what is wrong and its remedy, in the page and on the command line, and nothing secret', async () => {
  const crm = await startRetailCrmStandIn();
  const entry = enterpriseEntryOf('0367', {
    pbx: { host: '127.0.0.1', port: 9, username: 'crm', secret: 'ami-secret-of-0367' },
    integrations: {
      retailcrm: { enabled: true, api_url: crm.url, api_key: 'key-1' },
      telegram: {
        enabled: true,
        bot_token: '1:not-a-token-of-anybody',
        chat_id: '-100',
        api_url: 'http://127.0.0.1:9',
      },
    },
  });
  const running = await startTestApp({ enterprises: [entry] });
  try {
    const ann = callerOf(running.app.url, await oldUser(running.db, '0367'));
    const findings = await until('the link to be tried', async () => {
      const found = await ann.api.doctor.run.query({ enterprise: '0367' });
      return found.some(({ id, level }) => id === 'pbx' && level === 'error') ? found : null;
    });
    const levels = Object.fromEntries(findings.map(({ id, level }) => [id, level]));
    expect(levels).toMatchObject({ database: 'ok', pbx: 'error', 'crm telegram': 'error', 'public-url': 'warning' });
    expect(levels['crm retailcrm']).not.toBe('error');
    expect(levels['mapping retailcrm']).toBe('warning');
    for (const { level, remedy } of findings) if (level === 'error') expect(remedy?.ru).toMatch(/[а-я]/);

    const env = {
      DATABASE_URL: running.db.url,
      TRUNKLINE_DATA_DIR: running.config.dataDir,
      TRUNKLINE_ALLOW_TARGETS: '127.0.0.1',
    };
    const { code, stdout } = await cli(['doctor', '0367'], env);
    expect(code).toBe(1);
    expect(stdout).toMatch(/ok +database/);
    expect(stdout).toMatch(/FAIL pbx: .*\n +→ Check host and port/);
    expect((await cli(['doctor', '9999'], env)).code).toBe(1);
    for (const secret of ['ami-secret-of-0367', 'not-a-token-of-anybody'])
      expect(stdout + JSON.stringify(findings) + running.log.join('\n')).not.toContain(secret);
  } finally {
    await running[Symbol.asyncDispose]();
    await crm.stop();
  }
});
