/**
 * What Asterisk writes while a hostile caller's call goes on beside another one: a recorded call whose number and dialled
 * number are what he sent, character for character, between the events of a recorded call that is none of his.
 */
import { readFileSync } from 'node:fs';

export interface Attack {
  /** CALLERID(num), at most 79 characters. */
  number: string;
  /** The number he dialled, where the dialplan takes any. */
  exten: string;
}

/** The call he aims at. */
export const VICTIM = {
  uid: '1795386355.0',
  channel: 'PJSIP/trunk-00000000',
  phone: 'PJSIP/150-00000001',
  phoneUid: '1795386355.1',
} as const;

const NUMBER = '80290000001';
const EXTEN = '0001360';
export const MAX_TEXT = 79;

interface Block {
  at: number;
  text: string;
}

function blocksOf(capture: string): Block[] {
  const text = readFileSync(new URL(`../captures/22/${capture}.ami`, import.meta.url), 'latin1');
  return text
    .split('\r\n\r\n')
    .filter((block) => /^Event: .*\r\nPrivilege: .*\r\nTimestamp: /.test(block))
    .map((block) => ({ at: Number(/\r\nTimestamp: ([\d.]+)/.exec(block)?.[1] ?? 0), text: block }));
}

const victim = blocksOf('inbound-answered');
/** He is answered too, by another phone, so that his text shows on channels that are not his own as well. */
const hostile = blocksOf('inbound-answered');

/** Uids that are his: of his own channel, of the phone that rings for him. */
export const isHis = (uid: string): boolean => uid.startsWith('1795386355.9');

/** Bytes of both calls as one stream. `lateMs`: how long after the other call his begins. */
export function hostileStream({ number, exten }: Attack, lateMs: number): Buffer {
  const his = hostile.map(({ at, text }) => ({ at: at + lateMs / 1000, text: asHis(text, at, lateMs, number, exten) }));
  const all = [...victim, ...his].sort((one, other) => one.at - other.at);
  return Buffer.from(all.map(({ text }) => `${text}\r\n\r\n`).join(''), 'latin1');
}

export function victimStream(): Buffer {
  return Buffer.from(victim.map(({ text }) => `${text}\r\n\r\n`).join(''), 'latin1');
}

function asHis(text: string, at: number, lateMs: number, number: string, exten: string): string {
  return text
    .replaceAll('1795386355.', '1795386355.9')
    .replaceAll('/trunk-0000000', '/trunk-0000009')
    .replaceAll('/150-0000000', '/152-0000009')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'eeeeeeee-0000-4000-8000-000000000000')
    .replace(/\r\nTimestamp: [\d.]+/, () => `\r\nTimestamp: ${(at + lateMs / 1000).toFixed(6)}`)
    .split('\r\n')
    .map((line) =>
      line.startsWith('Value: ') ? spoken(line, escaped(number), escaped(exten)) : spoken(line, number, exten),
    )
    .join('\r\n');
}

const spoken = (line: string, number: string, exten: string) =>
  line.replaceAll(NUMBER, () => number).replaceAll(EXTEN, () => exten);

/** Asterisk escapes the values of variables, and nothing else. */
const escaped = (text: string) => text.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
