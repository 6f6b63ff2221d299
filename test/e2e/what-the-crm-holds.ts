import { expect } from 'vitest';
import type { Driven, SeenCall } from './drive.js';

/** Every call: exactly one record, with the right client, extension, result and seconds; no card left open. */
export function expectRightRecords({ calls, strange, openCards }: Driven, source: 'ami' | 'webhook'): void {
  const wrong = calls
    .filter((call) => call.records.length !== 1)
    .map(({ plan, expected, uid, records }) => ({ plan, expected, uid, records }));
  expect(wrong).toEqual([]);
  expect(strange).toEqual([]);
  expect(openCards).toBe(0);
  for (const call of calls) {
    const [record] = call.records;
    const about = `${call.plan.tag} ${call.expected} ${call.uid}`;
    expect(record, about).toMatchObject({ type: 'in', phone: call.external.slice(1), result: resultOf(call, source) });
    const near = 1.05 + (source === 'webhook' ? call.lagSeconds : 0);
    if (call.answeredBy) expect(record?.code, about).toBe(call.answeredBy);
    expect(
      Math.abs((record?.duration ?? 0) - call.talkSeconds),
      `${about}: talk ${record?.duration} for ${call.talkSeconds}`,
    ).toBeLessThanOrEqual(near);
    const [least, most] = call.waitSeconds;
    const wait = `${about}: wait ${record?.durationWaiting} for ${least} to ${most}`;
    expect(record?.durationWaiting ?? 0, wait).toBeGreaterThanOrEqual(least - near);
    expect(record?.durationWaiting ?? 0, wait).toBeLessThanOrEqual(most + near);
    if (call.rangAt !== null) expect(call.cardAt, `${about} rang, so a card is due`).not.toBeNull();
  }
}

function resultOf(call: SeenCall, source: 'ami' | 'webhook'): string {
  switch (call.expected) {
    case 'answered':
      return 'answered';
    case 'busy':
      // Webhooks cannot tell; what a source cannot know is never a guess.
      return source === 'ami' ? 'busy' : 'no answer';
    case 'missed':
    case 'abandoned':
      return 'no answer';
  }
}
