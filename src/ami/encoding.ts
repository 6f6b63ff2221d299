/** How a PBX writes text. UTF-8 unless an old one was set up otherwise; names of callers are where it shows. */
export type AmiEncoding = 'utf8' | 'cp1251' | 'latin1';
export const AMI_ENCODINGS: readonly AmiEncoding[] = ['utf8', 'cp1251', 'latin1'];

const cp1251 = new TextDecoder('windows-1251');

/** Text of the bytes from `start` to `end`. Never throws: what is no text of that encoding becomes U+FFFD. */
export function decode(bytes: Buffer, encoding: AmiEncoding, start = 0, end = bytes.length): string {
  return encoding === 'cp1251' ? cp1251.decode(bytes.subarray(start, end)) : bytes.toString(encoding, start, end);
}

/** Bytes of a text. What the encoding cannot write becomes `?`. */
export function encode(text: string, encoding: AmiEncoding): Buffer {
  if (encoding === 'utf8') return Buffer.from(text, 'utf8');
  const byteOf = encoding === 'cp1251' ? toCp1251() : null;
  const bytes = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const byte = byteOf ? byteOf.get(character) : code < 256 ? code : undefined;
    bytes[length++] = byte ?? 0x3f;
  }
  return bytes.subarray(0, length);
}

let cp1251Bytes: Map<string, number> | null = null;

function toCp1251(): Map<string, number> {
  cp1251Bytes ??= new Map(
    Array.from({ length: 256 }, (_, byte): [string, number] => [cp1251.decode(Uint8Array.of(byte)), byte]),
  );
  return cp1251Bytes;
}
