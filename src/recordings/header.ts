/**
 * What the first bytes of a recording tell. Asterisk writes a header of 44 bytes when it begins and its lengths when it has
 * closed the file: before that they are nought or behind the bytes that are there.
 */

/** A file of no more is no recording: a header, or a header and a breath of silence. */
export const NOTHING_BYTES = 2_048;
export const HEAD_BYTES = 4_096;

export interface Wave {
  kind: 'wave';
  /** The format chunk, whole: parts that are joined must have the same. */
  format: Buffer;
  /** Where sound begins. */
  dataAt: number;
  /** As the header says. */
  dataBytes: number;
  bytesPerSecond: number;
}

export type Head = Wave | { kind: 'mp3' } | { kind: 'other' } | { kind: 'none' };

/** `ending` of the name tells what has no header. */
export function readHead(bytes: Buffer, ending: string): Head {
  if (bytes.length < 4) return { kind: 'none' };
  const magic = bytes.toString('latin1', 0, 4);
  if (magic === 'RIFF') return bytes.toString('latin1', 8, 12) === 'WAVE' ? readWave(bytes) : { kind: 'none' };
  if (magic.startsWith('ID3') || (bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe0) === 0xe0)) return { kind: 'mp3' };
  // Raw sound of other endings has no header that could be unsound.
  return { kind: /^\.(wav|mp3)$/i.test(ending) ? 'none' : 'other' };
}

function readWave(bytes: Buffer): Head {
  let format: Buffer | null = null;
  for (let at = 12; at + 8 <= bytes.length;) {
    const name = bytes.toString('latin1', at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    if (name === 'data') {
      if (format === null) return { kind: 'none' };
      const bytesPerSecond = format.length >= 12 ? format.readUInt32LE(8) : 0;
      return { kind: 'wave', format, dataAt: at + 8, dataBytes: length, bytesPerSecond };
    }
    if (name === 'fmt ') format = bytes.subarray(at + 8, at + 8 + length);
    at += 8 + length + (length % 2);
  }
  return { kind: 'none' };
}

/** The header and the bytes there are agree. */
export function isSound(head: Head, bytes: number): boolean {
  switch (head.kind) {
    case 'wave': {
      const there = bytes - head.dataAt;
      // A pad byte, or a few chunks behind the sound.
      return head.dataBytes > 0 && head.dataBytes <= there && there - head.dataBytes <= 4_096;
    }
    case 'mp3':
    case 'other':
      return true;
    case 'none':
      return false;
  }
}

/** The bytes of sound that can be heard: no more than are there. */
export function soundBytes(head: Wave, bytes: number): number {
  const there = Math.max(0, bytes - head.dataAt);
  return head.dataBytes === 0 ? there : Math.min(there, head.dataBytes);
}

/** A header for so much sound of this format. */
export function waveHeader(format: Buffer, dataBytes: number): Buffer {
  const header = Buffer.alloc(28 + format.length);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(20 + format.length + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(format.length, 16);
  format.copy(header, 20);
  header.write('data', 20 + format.length, 'latin1');
  header.writeUInt32LE(dataBytes, 24 + format.length);
  return header;
}
