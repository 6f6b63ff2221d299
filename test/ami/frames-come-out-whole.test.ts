import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DropReason } from '../../src/ami/frame.js';
import { FrameParser } from '../../src/ami/frame.js';
import { distrust } from '../../src/ami/headers.js';
import type { AmiMessage } from '../../src/ami/message.js';
import { runs } from '../calls/acted/runs.js';
import { VERSIONS, captureBytes, captureNames } from '../calls/captures.js';

interface Read {
  messages: AmiMessage[];
  drops: DropReason[];
  broken: number;
}

function read(chunks: Iterable<Buffer>, limits: { lineLimit?: number; messageLimit?: number } = {}): Read {
  const out: Read = { messages: [], drops: [], broken: 0 };
  const parser = new FrameParser({
    encoding: 'utf8',
    lineLimit: 1024 * 1024,
    ...limits,
    onMessage: (message) => out.messages.push(message),
    onDrop: (reason) => out.drops.push(reason),
    onBroken: () => (out.broken += 1),
  });
  for (const chunk of chunks) parser.push(Buffer.from(chunk));
  parser.end();
  return out;
}

function* pieces(bytes: Buffer, lengths: Iterable<number>): Iterable<Buffer> {
  let at = 0;
  for (const length of lengths) {
    if (at >= bytes.length) return;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

function* always(length: number): Iterable<number> {
  for (;;) yield length;
}

function texts(messages: AmiMessage[]): string[] {
  return messages.map((message) => Array.from(message.entries(), (pair) => pair.join('=')).join('\n'));
}

const sizes = (max: number) => fc.infiniteStream(fc.integer({ min: 1, max }));

describe('the frame parser', () => {
  for (const version of VERSIONS) {
    it(`reads every recorded call of Asterisk ${version} the same in any pieces, and believes all of it`, () => {
      for (const bytes of captureNames(version).map((name) => captureBytes(version, name))) {
        const whole = read([bytes]);
        expect(whole.drops).toEqual([]);
        expect(whole.messages[0]?.type).toBe('greeting');
        fc.assert(
          fc.property(sizes(90), (lengths) => {
            expect(texts(read(pieces(bytes, lengths)).messages)).toEqual(texts(whole.messages));
          }),
          runs(1),
        );
        const events = whole.messages.filter(({ type }) => type === 'event');
        expect(events.length).toBeGreaterThan(10);
        expect(events.map((message) => distrust(message)).filter(Boolean)).toEqual([]);
      }
    });
  }

  it('never throws, whatever the bytes, and finds the next whole message', () => {
    const words = ['\r', '\n', '\r\n', '\r\n\r\n', ':', ': ', 'Event', 'Event: A', 'Response: Follows', '\0', 'ж', ' '];
    const junk = fc.tuple(
      fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 60, size: 'max' }),
      fc.uint8Array({ maxLength: 30, size: 'max' }),
    );
    fc.assert(
      fc.property(junk, sizes(9), ([text, noise], lengths) => {
        const bytes = Buffer.concat([
          Buffer.from(text.join('')),
          noise,
          Buffer.from('\r\n\r\nEvent: Last\r\nPrivilege: x\r\n\r\n'),
        ]);
        expect(read(pieces(bytes, lengths)).messages.at(-1)?.name).toBe('Last');
      }),
      runs(300),
    );
  });

  it('drops a message with a line over the limit, whether it ends or not, and reads on', () => {
    const long = (n: number) => `Event: Long\r\nPrivilege: x\r\nA: ${'y'.repeat(n)}\r\n\r\n`;
    const bytes = Buffer.from(`Event: One\r\n\r\n${long(5000)}Event: Two\r\n\r\n${long(90)}Event: Three\r\n\r\n`);
    for (const size of [1, 7, 100, 100_000]) {
      const out = read(pieces(bytes, always(size)), { lineLimit: 100 });
      expect(out.messages.map(({ name }) => name)).toEqual(['One', 'Two', 'Long', 'Three']);
      expect(out.drops).toEqual(['line-too-long']);
    }
  });

  it('drops a message of too many lines and reads on', () => {
    const bytes = Buffer.from(`Event: Long\r\n${'A: b\r\n'.repeat(1000)}\r\nEvent: Next\r\n\r\n`);
    for (const size of [13, 100_000]) {
      const out = read(pieces(bytes, always(size)), { messageLimit: 1000 });
      expect(out.messages.map(({ name }) => name)).toEqual(['Next']);
      expect(out.drops).toEqual(['message-too-long']);
    }
  });

  it('gives framing up once, when what it skips has no end', () => {
    const junk = Buffer.alloc(1024 * 1024, 'x');
    const chunks = Array.from({ length: 20 }, () => junk);
    const out = read([...chunks, Buffer.from('\r\n\r\nEvent: Late\r\n\r\n')]);
    expect(out).toEqual({ messages: [], drops: ['line-too-long'], broken: 1 });
  });

  it('throws half a message at the end away, and counts it', () => {
    const out = read([Buffer.from('Asterisk Call Manager/9\r\nEvent: A\r\n\r\nEvent: B\r\nPriv')]);
    expect(out.messages.map(({ name }) => name)).toEqual(['Asterisk Call Manager/9', 'A']);
    expect(out.drops).toEqual(['half-message']);
  });

  it('keeps colons, blanks and empty values as they stand', () => {
    const [message] = read([
      Buffer.from('Event: X\r\nA: b: c\r\nEmpty: \r\nBare:\r\nTight:v\r\nTwo:  spaces \r\n\r\n'),
    ]).messages;
    expect(Array.from(message?.entries() ?? [])).toEqual([
      ['Event', 'X'],
      ['A', 'b: c'],
      ['Empty', ''],
      ['Bare', ''],
      ['Tight', 'v'],
      ['Two', ' spaces '],
    ]);
    expect(message?.get('EMPTY')).toBe('');
    expect(message?.get('none')).toBeUndefined();
  });

  it('reads command output of Asterisk 13 like that of later ones', () => {
    const text =
      'Response: Follows\r\nPrivilege: Command\r\nActionID: 1\r\nChannel: x\n\n  two\n--END COMMAND--\r\n\r\n';
    const [message] = read([Buffer.from(text)]).messages;
    expect(message?.get('ActionID')).toBe('1');
    expect(message?.all('Output')).toEqual(['Channel: x', '', '  two']);
  });
});
