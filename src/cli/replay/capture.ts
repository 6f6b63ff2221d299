import { createReadStream } from 'node:fs';
import { FrameParser } from '../../ami/frame.js';
import { distrust } from '../../ami/headers.js';
import type { AmiMessage } from '../../ami/message.js';
import { translate } from '../../ami/translate.js';
import type { Fact } from '../../calls/facts.js';
import { TrunklineError } from '../../platform/errors.js';

export interface Capture {
  facts: Fact[];
  messages: number;
  /** Messages a live session would not have believed, or could not read. */
  dropped: number;
}

/** The facts of a recorded AMI session, judged as on a live one. */
export async function readCapture(file: string): Promise<Capture> {
  const capture: Capture = { facts: [], messages: 0, dropped: 0 };
  // A session recorded without stamps has an order and no times: a millisecond a message keeps the order.
  let now = 0;
  const take = (message: AmiMessage) => {
    capture.messages += 1;
    const stamp = Number(message.get('Timestamp') ?? 0) * 1000;
    now = Math.max(now + 1, stamp > 0 ? Math.round(stamp) : 0);
    const fact = translate(message, now);
    if (fact) capture.facts.push(fact);
  };
  const parser = new FrameParser({
    encoding: 'utf8',
    lineLimit: 1024 * 1024,
    onMessage(message) {
      // Answers to somebody's questions are passed over.
      if (message.type !== 'event' || message.get('ActionID') !== undefined) return;
      if (distrust(message)) capture.dropped += 1;
      else take(message);
    },
    onDrop: () => (capture.dropped += 1),
    onBroken: () => undefined,
  });
  try {
    for await (const chunk of createReadStream(file)) parser.push(chunk as Buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new TrunklineError('CONFIG_INVALID', `there is no file ${file}`);
  }
  return capture;
}
