import { expect, it } from 'vitest';
import { group, largest, queue } from '../bench/tracker.js';
import { VERSIONS, captureFacts, captureNames } from './captures.js';

const MOST_BYTES = 8_192;

it.each(VERSIONS)('the state of every call recorded on Asterisk %s stays under 8 KB', (version) => {
  for (const name of captureNames(version))
    expect(largest(captureFacts(version, name, 'everything')), name).toBeLessThan(MOST_BYTES);
});

it('so does a group of thirty phones, while it rings and after, and a queue that rings for half an hour', () => {
  expect(largest(group(30))).toBeLessThan(MOST_BYTES);
  expect(largest(queue(60))).toBeLessThan(MOST_BYTES);
});
