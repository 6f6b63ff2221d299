/** What a real Asterisk 20 answered in the middle of two calls, and what it said while it was reloaded and stopped. */
import { describe, expect, it } from 'vitest';
import { distrust } from '../../src/ami/headers.js';
import { statusToLiveChannel, translate } from '../../src/ami/translate.js';
import { captureBytes, messagesIn } from '../calls/captures.js';
import { Run } from '../calls/run-tracker.js';
import { resync } from '../calls/resynced.js';

const NOW = 1_795_380_426_000;
const answers = (name: string) =>
  messagesIn([captureBytes('20', 'resync-mid-call')]).filter((one) => one.name === name);

describe.each([
  ['Status', 4],
  ['CoreShowChannel', 3],
])('the answers to a list of channels by %s', (event, seconds) => {
  it('are the two calls that are up, each with who talks or rings', () => {
    const channels = answers(event)
      .slice(0, 4)
      .map((row) => statusToLiveChannel(row));
    expect(channels.map((channel) => channel.seconds)).toEqual([seconds, seconds, seconds, seconds]);
    const run = new Run().feed(resync(NOW, NOW, channels)).passTime(NOW + 1_000);
    expect(run.tracker.liveCalls()).toMatchObject([
      { direction: 'in', external: '+79001111111', line: '7003', agents: ['151'], answeredAt: NOW, approximate: true },
      { direction: 'internal', caller: '150', rang: ['152'], answeredAt: null, approximate: true },
    ]);
    expect(run.events.map((told) => told.kind)).toEqual([
      'call.started',
      'call.started',
      'call.ringing',
      'call.answered',
    ]);
  });
});

it('a reload and an end of Asterisk tell nothing of a call, and its events without a channel are no forgeries', () => {
  const messages = messagesIn([captureBytes('20', 'reload-shutdown')]).filter(({ type }) => type === 'event');
  expect(messages.map(({ name }) => name)).toContain('Shutdown');
  expect(messages.flatMap((message) => translate(message, NOW) ?? [])).toEqual([]);
  expect(messages.flatMap((message) => distrust(message) ?? []).map(({ suspect }) => suspect)).toEqual([false, false]);
});
