import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { FrameParser } from '../ami/frame.js';
import { distrust } from '../ami/headers.js';
import type { AmiMessage } from '../ami/message.js';
import { translate } from '../ami/translate.js';
import type { Fact } from '../calls/facts.js';
import { Tracker } from '../calls/tracker.js';
import type { CallEvent } from '../calls/vocabulary.js';
import { DEFAULT_EXTENSION_PATTERN, DEFAULT_INBOUND_CONTEXTS } from '../config/enterprise.js';
import { callProfiles } from '../config/profile.js';
import type { CallProfile } from '../config/profile.js';
import { enterpriseOf } from '../integrations/enterprise-row.js';
import { readAll } from '../integrations/store.js';
import { TrunklineError } from '../platform/errors.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { withWorkbench } from './workbench.js';

/** Read as this enterprise's when no other is named. */
const ANYBODY: CallProfile = {
  number: '0000',
  timezone: 'Europe/Minsk',
  country: 'BY',
  inboundContexts: DEFAULT_INBOUND_CONTEXTS,
  extensionPattern: DEFAULT_EXTENSION_PATTERN,
  lines: null,
  lineTransforms: {},
  staffMobiles: [],
  sources: ['ami'],
  selector: null,
};

/** Timers that are due this long after the last message still count: what ends by itself ends. */
const AFTERMATH_MS = 60_000;

/** Feeds a recorded AMI session to a tracker of its own, and prints the call events. Nothing is written or sent. */
export async function replay(context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: context.argv,
    allowPositionals: true,
    options: { enterprise: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('name one capture');
  const { messages, dropped } = await readCapture(file);
  const profile = values.enterprise === undefined ? ANYBODY : await profileOf(context, values.enterprise);
  const events = eventsOf(messages, profile);
  const first = events[0]?.at ?? 0;
  for (const event of events) context.stdout(values.json ? JSON.stringify(event) : lineOf(event, first));
  const calls = new Set(events.map((event) => event.call.id)).size;
  context.stderr(`${calls} calls, ${events.length} call events, ${messages.length} messages, ${dropped} dropped`);
  return 0;
}

async function readCapture(file: string): Promise<{ messages: AmiMessage[]; dropped: number }> {
  const messages: AmiMessage[] = [];
  let dropped = 0;
  const parser = new FrameParser({
    encoding: 'utf8',
    lineLimit: 1024 * 1024,
    onMessage(message) {
      // The same judgement as on a live session; answers to somebody's questions are passed over.
      if (message.type !== 'event' || message.get('ActionID') !== undefined) return;
      if (distrust(message)) dropped += 1;
      else messages.push(message);
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
  return { messages, dropped };
}

async function profileOf(context: CommandContext, number: string): Promise<CallProfile> {
  return withWorkbench(context, async ({ database }) => {
    const row = (await readAll(database.pool)).find((one) => one.number === number);
    if (!row) throw new TrunklineError('ENTERPRISE_UNKNOWN', `there is no enterprise ${number}`);
    const [profile] = callProfiles([{ ...enterpriseOf(row, () => null, {}), mode: 'on', selector: null }]);
    return profile ?? ANYBODY;
  });
}

function eventsOf(messages: readonly AmiMessage[], profile: CallProfile): CallEvent[] {
  let calls = 0;
  const tracker = new Tracker({
    pbx: 'replay',
    enterprises: [profile],
    newCallId: () => `call-${(calls += 1)}`,
    confirmHangups: false,
    ringCollectMs: 30,
  });
  const events: CallEvent[] = [];
  const fold = (fact: Fact) => {
    const draft = tracker.begin();
    draft.fold(fact);
    events.push(...draft.result().events);
    draft.commit();
  };
  const passTime = (until: number) => {
    for (let at = tracker.wakeAt(); at !== null && at <= until; at = tracker.wakeAt()) {
      fold({ kind: 'timer', source: 'system', at, arrivedAt: at, stamped: false });
    }
  };
  // A session recorded without stamps has an order and no times: a millisecond a message keeps the order.
  let now = 0;
  for (const message of messages) {
    const stamp = Number(message.get('Timestamp') ?? 0) * 1000;
    now = Math.max(now + 1, stamp > 0 ? Math.round(stamp) : 0);
    const fact = translate(message, now);
    if (!fact) continue;
    passTime(now);
    fold(fact);
  }
  passTime(now + AFTERMATH_MS);
  return events;
}

function lineOf(event: CallEvent, first: number): string {
  const { call } = event;
  const at = `+${((event.at - first) / 1000).toFixed(3)}s`.padStart(10);
  const who = `${call.direction.padEnd(8)} ${call.external ?? call.caller ?? 'withheld'}`;
  return `${at}  ${call.id.padEnd(7)} ${event.kind.padEnd(16)} ${who}  ${detailOf(event)}`.trimEnd();
}

function detailOf(event: CallEvent): string {
  const { call } = event;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  switch (event.kind) {
    case 'call.started':
      return call.line === null ? '' : `line ${call.line}`;
    case 'call.ringing':
      return event.extensions.join(', ');
    case 'call.answered':
      return event.extension ?? '';
    case 'call.transferred':
      return `${event.transfer.kind}, ${event.transfer.from ?? '?'} to ${event.transfer.to ?? '?'}`;
    case 'call.finished':
      return `${call.result ?? '?'}, agents ${call.agents.join(', ') || 'none'}, waited ${seconds(call.waitMs)}, talked ${seconds(call.talkMs)}`;
    case 'recording.ready':
      return event.file;
  }
}
