/** Appends to the journal in argv[2] without pause and says on standard output which numbers are safe. */
import { openJournal } from '../../src/platform/journal.js';

const journal = await openJournal({ dir: process.argv[2] ?? '', segmentBytes: 20_000 });
for (let n = 0; ; n += 8) {
  const batch = Array.from({ length: 8 }, (_, index) => n + index);
  await Promise.all(
    batch.map(async (number) => {
      await journal.append('count', { number, filler: 'x'.repeat(number % 700) });
      process.stdout.write(`${number}\n`);
    }),
  );
}
