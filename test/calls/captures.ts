/** Recorded AMI sessions of real calls, as facts, and what each call was. */
import { readFileSync, readdirSync } from 'node:fs';
import { FrameParser } from '../../src/ami/frame.js';
import type { AmiMessage } from '../../src/ami/message.js';
import { translate } from '../../src/ami/translate.js';
import type { Fact } from '../../src/calls/facts.js';
import { timesOf } from '../../src/cli/replay/capture-clock.js';

export interface ExpectedCall {
  direction: 'in' | 'out' | 'internal';
  external_e164?: string;
  line?: string;
  caller?: string;
  rang: string[];
  answered_by?: string;
  agents: string[];
  final_agent?: string;
  result: string;
  wait_seconds: number;
  talk_seconds: number;
  transfers: { kind: string; from: string; to: string; answered: boolean }[];
  hold: boolean;
  queue?: string;
  /** Path of the recording, where the PBX named it. */
  recording?: string;
  uniqueid: string;
  uniqueids: string[];
}

export type Stream = 'everything' | 'call, user and cdr' | 'the safe user';
export const STREAMS: readonly Stream[] = ['everything', 'call, user and cdr', 'the safe user'];
export const VERSIONS = ['16', '20', '22'] as const;

const EXPECTED = '.expected.json';
const folder = (version: string) => new URL(`../captures/${version}/`, import.meta.url);

export function captureNames(version: string): string[] {
  return readdirSync(folder(version))
    .filter((name) => name.endsWith(EXPECTED))
    .map((name) => name.slice(0, -EXPECTED.length));
}

export function expectedCalls(version: string, name: string): ExpectedCall[] {
  return JSON.parse(readFileSync(new URL(`${name}${EXPECTED}`, folder(version)), 'utf8')) as ExpectedCall[];
}

const SAFE_EXCLUDES = new Set(['Newchannel', 'Newexten', 'VarSet']);
const CLASSES = new Set(['call', 'user', 'cdr']);

function lets(stream: Stream, message: AmiMessage): boolean {
  if (stream === 'everything') return true;
  const classes = (message.get('Privilege') ?? '').split(',').filter((name) => name !== 'all');
  if (!classes.every((name) => CLASSES.has(name))) return false;
  return stream !== 'the safe user' || !SAFE_EXCLUDES.has(message.name);
}

export function captureBytes(version: string, name: string): Buffer {
  return readFileSync(new URL(`${name}.ami`, folder(version)));
}

export function captureMessages(version: string, name: string): AmiMessage[] {
  return messagesIn([captureBytes(version, name)]);
}

/** All messages of a session that came in these pieces. Throws where one is not read. */
export function messagesIn(pieces: Iterable<Buffer>): AmiMessage[] {
  const messages: AmiMessage[] = [];
  const parser = new FrameParser({
    encoding: 'utf8',
    lineLimit: 65_536,
    onMessage: (message) => messages.push(message),
    onDrop: (reason) => {
      throw new Error(reason);
    },
    onBroken: () => {
      throw new Error('broken');
    },
  });
  for (const piece of pieces) parser.push(piece);
  return messages;
}

/** The facts of a capture as a user with those rights would have had them. */
export function captureFacts(version: string, name: string, stream: Stream): Fact[] {
  return factsOf(captureMessages(version, name), stream);
}

/** Our clock is one second behind the PBX's. */
export function factsOf(messages: readonly AmiMessage[], stream: Stream): Fact[] {
  const events = messages.filter(({ type }) => type === 'event');
  const times = timesOf(events);
  return events.flatMap((event, index) => {
    const fact = lets(stream, event) ? translate(event, (times[index] ?? 0) - 1000) : null;
    return fact ?? [];
  });
}
