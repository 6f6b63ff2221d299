import { createReadStream } from 'node:fs';
import { FrameParser } from '../../ami/frame.js';
import { distrust } from '../../ami/headers.js';
import type { AmiMessage } from '../../ami/message.js';
import { translate } from '../../ami/translate.js';
import type { Fact } from '../../calls/facts.js';
import { TrunklineError } from '../../platform/errors.js';
import { timesOf } from './capture-clock.js';

export interface Capture {
  facts: Fact[];
  messages: number;
  /** Messages a live session would not have believed, or could not read. */
  dropped: number;
}

/** The facts of a recorded AMI session, judged as on a live one. */
export async function readCapture(file: string): Promise<Capture> {
  const events: AmiMessage[] = [];
  let dropped = 0;
  const parser = new FrameParser({
    encoding: 'utf8',
    lineLimit: 1024 * 1024,
    onMessage(message) {
      // Answers to somebody's questions are passed over.
      if (message.type !== 'event' || message.get('ActionID') !== undefined) return;
      if (distrust(message)) dropped += 1;
      else events.push(message);
    },
    onDrop: () => (dropped += 1),
    onBroken: () => undefined,
  });
  try {
    for await (const chunk of createReadStream(file)) parser.push(chunk as Buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new TrunklineError('CONFIG_INVALID', `there is no file ${file}`);
  }
  const times = timesOf(events);
  const facts = events.flatMap((event, i) => translate(event, times[i] ?? 0) ?? []);
  return { facts, messages: events.length, dropped };
}
