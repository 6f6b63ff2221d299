/** A call's story as lines for a terminal: what was received and concluded, what each integration was owed, the record. */
import { noteText } from '../calls/note-text.js';
import { debtLines } from '../delivery/debts.js';
import type { Moment, Story } from '../delivery/story.js';
import { momentsOf } from '../delivery/story.js';
import { printable } from './printable.js';
import { table } from './table.js';

const INDENT = ' '.repeat(27);

export interface PrintOptions {
  /** Facts that changed nothing, too. */
  all: boolean;
  /** IANA zone of what is told as a time of day. */
  timezone: string;
}

export function linesOf(story: Story, { all, timezone }: PrintOptions): string[] {
  const owed = debtLines(story);
  return [
    ...headOf(story, timezone),
    '',
    ...timelineOf(momentsOf(story), all),
    ...(owed.length > 0 ? ['', ...table(['integration', 'event', 'step', 'outcome'], owed)] : []),
    '',
    ...recordOf(story, timezone),
  ].map(printable);
}

function headOf({ call, live, gaps }: Story, timezone: string): string[] {
  const { externalId, direction, external, caller, line, result } = call;
  const who = direction === 'internal' ? (caller ?? 'somebody') : (external ?? 'a hidden number');
  const where = line === null ? '' : ` on line ${line}`;
  return [
    `call ${externalId}: ${direction}, ${who}${where}, ${live ? 'going on' : (result ?? 'not ended')}`,
    `began ${timeOfDay(call.startedAt, timezone)} (${timezone}) on ${call.pbx}; our id ${call.id}`,
    ...gaps.map(
      ({ startedAt, endedAt, reason }) =>
        `no facts (${reason}) from ${timeOfDay(startedAt, timezone)} to ${endedAt === null ? 'now' : timeOfDay(endedAt, timezone)}`,
    ),
  ];
}

function timelineOf(moments: readonly Moment[], all: boolean): string[] {
  const first = moments[0]?.arrivedAt ?? 0;
  const lines: string[] = [];
  let idle = 0;
  const skip = () => {
    if (idle > 0) lines.push(`${INDENT}(${idle} ${idle === 1 ? 'fact' : 'facts'} that changed nothing)`);
    idle = 0;
  };
  for (const moment of moments) {
    if (moment.notes.length === 0 && !all) {
      idle += 1;
      continue;
    }
    skip();
    lines.push(momentLine(moment, first), ...moment.notes.map((note) => `${INDENT}${noteText(note)}`));
  }
  skip();
  return lines;
}

function momentLine({ arrivedAt, fact, notes }: Moment, first: number): string {
  const offset = `+${((arrivedAt - first) / 1000).toFixed(3)}`.padStart(10);
  if (!fact) return `${offset} ${' '.repeat(15)} ${notes[0]?.by ?? ''}`;
  const lag = fact.stamp === null ? '' : `${Math.round(arrivedAt - fact.stamp)} ms`;
  return `${offset} ${fact.source.padEnd(7)} ${lag.padStart(7)} ${fact.kind} ${fact.text}`.trimEnd();
}

function recordOf({ call }: Story, timezone: string): string[] {
  const at = (value: number | null) => (value === null ? null : timeOfDay(value, timezone));
  const seconds = (value: number) => `${(value / 1000).toFixed(1)} s`;
  const transfers = call.transfers.map(
    ({ kind, from, to, answered }) => `${kind} ${from ?? '?'} to ${to ?? '?'}${answered ? '' : ' (not reached)'}`,
  );
  const fields: [string, string | null][] = [
    ['client', call.external],
    ['caller', call.caller],
    ['line', call.line],
    ['queue', call.queue],
    ['rang', call.rang.join(', ')],
    ['answered by', call.answeredBy],
    ['agents', call.agents.join(', ')],
    ['transfers', transfers.join(', ')],
    ['result', call.result],
    [
      'times',
      ['began', 'rang', 'answered', 'ended']
        .flatMap((name, i) => {
          const value = at([call.startedAt, call.ringingAt, call.answeredAt, call.endedAt][i] ?? null);
          return value === null ? [] : [`${name} ${value}`];
        })
        .join(', '),
    ],
    ['wait, talk, span', [call.waitMs, call.talkMs, call.spanMs].map(seconds).join(', ')],
    ['recording', call.recordingFile ?? (call.recorded ? 'yes' : null)],
    [
      'marks',
      [call.hold && 'held', call.approximate && 'approximate', call.recovered && 'recovered']
        .filter(Boolean)
        .join(', '),
    ],
  ];
  return fields.flatMap(([name, value]) => (value ? [`${name.padEnd(17)} ${value}`] : []));
}

function timeOfDay(at: number, timeZone: string): string {
  const text = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(at);
  return `${text}.${String(Math.floor(at) % 1000).padStart(3, '0')}`;
}
