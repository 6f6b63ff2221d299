import { expect, test } from 'vitest';
import { describeWith } from '../pbx/available.js';
import { driveAndRead } from './drive.js';
import type { Driven, DriveOptions } from './drive.js';
import { expectRightRecords } from './what-the-crm-holds.js';

/** Side by side: most of the time somebody talks. */
const onBoth = (options: Omit<DriveOptions, 'version'>): Promise<Driven[]> =>
  Promise.all(([16, 22] as const).map((version) => driveAndRead({ version, ...options })));

describeWith(['sipp', 'asterisk-16', 'asterisk-22'], 'real calls of every ordinary kind, on Asterisk 16 and 22', () => {
  test('over AMI alone: 50 calls are 50 right records', { timeout: 180_000 }, async () => {
    for (const driven of await onBoth({ count: 50, sources: ['ami'] })) expectRightRecords(driven, 'ami');
  });

  test('as webhooks alone: each call is one right record', { timeout: 180_000 }, async () => {
    for (const driven of await onBoth({ count: 20, sources: ['webhook'], perSecond: 3 })) {
      expect(new Set(driven.statuses)).toEqual(new Set([200]));
      expectRightRecords(driven, 'webhook');
    }
  });

  test('from both sources at once: still one right record each', { timeout: 180_000 }, async () => {
    for (const driven of await onBoth({ count: 20, sources: ['ami', 'webhook'], perSecond: 3 })) {
      expect(new Set(driven.statuses)).toEqual(new Set([200]));
      expectRightRecords(driven, 'ami');
    }
  });

  test('read by the smallest AMI user that suffices: the same records', { timeout: 180_000 }, async () => {
    expectRightRecords(await driveAndRead({ version: 22, count: 15, sources: ['ami'], user: 'min' }), 'ami');
  });
});
