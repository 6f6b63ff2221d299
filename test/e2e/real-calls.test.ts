import { expect, test } from 'vitest';
import { describeWith } from '../pbx/available.js';
import { driveAndRead } from './drive.js';
import { expectRightRecords } from './what-the-crm-holds.js';

describeWith(['sipp', 'asterisk-16', 'asterisk-22'], 'real calls of every ordinary kind', () => {
  for (const version of [16, 22] as const) {
    test(`over AMI alone, Asterisk ${version}: 50 calls are 50 right records`, { timeout: 180_000 }, async () => {
      const driven = await driveAndRead({ version, count: 50, sources: ['ami'] });
      expectRightRecords(driven, 'ami');
    });

    test(`as webhooks alone, Asterisk ${version}: each call is one right record`, { timeout: 180_000 }, async () => {
      const driven = await driveAndRead({ version, count: 20, sources: ['webhook'] });
      expect(new Set(driven.statuses)).toEqual(new Set([200]));
      expectRightRecords(driven, 'webhook');
    });

    test(
      `from both sources at once, Asterisk ${version}: still one right record each`,
      { timeout: 180_000 },
      async () => {
        const driven = await driveAndRead({ version, count: 20, sources: ['ami', 'webhook'] });
        expect(new Set(driven.statuses)).toEqual(new Set([200]));
        expectRightRecords(driven, 'ami');
      },
    );
  }

  test('read by the smallest AMI user that suffices: the same records', { timeout: 180_000 }, async () => {
    expectRightRecords(await driveAndRead({ version: 22, count: 15, sources: ['ami'], user: 'min' }), 'ami');
  });
});
