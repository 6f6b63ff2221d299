import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RULES } from '../../src/calls/rules.js';
import type { Note, Rule } from '../../src/calls/rules.js';
import type { CallEvent, CallFacts } from '../../src/calls/vocabulary.js';
import { STREAMS, VERSIONS, captureFacts, captureNames } from './captures.js';
import { Run } from './run-tracker.js';
import { SCENARIOS, webhookFacts } from './webhook-files.js';

const HOUR = 3_600_000;

const DIRECTION: readonly Rule[] = [
  'came-in',
  'placed-by-pbx',
  'dialled-out',
  'dialled-staff',
  'own-mobile',
  'direction-posted',
];
const ANSWER: readonly Rule[] = ['first-talk', 'answer-posted', 'read-again', 'agent-named'];
const RESULT: readonly Rule[] = [
  'talked',
  'gave-up',
  'caller-gave-up',
  'nothing-rang',
  'not-answered',
  'all-busy',
  'not-reached',
];
const TRANSFER: readonly Rule[] = ['transfer-made', 'consulted', 'sent-on', 'moved-on', 'lost-on-transfer'];
const TRANSFER_OVER: readonly Rule[] = ['transfer-reached', 'transfer-failed'];

/** Notes of a call and of those that became a part of it. */
function notesOf(run: Run, id: string): Note[] {
  const ids = new Set([id]);
  const merged = run.folds.flatMap((fold) => fold.merged);
  for (let size = 0; size < ids.size;) {
    size = ids.size;
    for (const { from, into } of merged) if (ids.has(into)) ids.add(from);
  }
  return run.folds.flatMap((fold) => fold.notes).filter((note) => ids.has(note.call));
}

const by = (notes: readonly Note[], rules: readonly Rule[]) => notes.filter((note) => rules.includes(note.rule));

/** What this call was, with each part replaced by the rules that say so; a part nobody said is empty. */
function reasons(call: CallFacts, events: readonly CallEvent[], notes: readonly Note[]) {
  const told = notes.filter((note) => note.detail['seq'] !== undefined);
  const answers = by(notes, ANSWER);
  return {
    direction: by(notes, DIRECTION).length,
    result: by(notes, RESULT).map((note) => note.detail['result']),
    answeredBy: call.direction === 'out' ? answers.length > 0 : answers.at(-1)?.detail['extension'],
    transfers: call.transfers.map(({ kind, from, to }) => ({
      made: by(notes, TRANSFER).some(({ detail }) => sameTransfer(detail, { kind, from })),
      over: by(notes, TRANSFER_OVER).some(({ detail }) => sameTransfer(detail, { kind, from, to })),
    })),
    events: told.map(({ detail }) => [detail['seq'], detail['event']]),
    expected: events.map(({ seq, kind }) => [seq, kind]),
  };
}

function sameTransfer(detail: Note['detail'], wanted: object): boolean {
  const said = detail['transfer'] as Record<string, unknown>;
  return Object.entries(wanted).every(([key, value]) => said[key] === value);
}

function judge(run: Run): void {
  for (const call of run.records) {
    const notes = notesOf(run, call.id);
    const events = run.events.filter((event) => event.call.id === call.id);
    const { expected, ...said } = reasons(call, events, notes);
    expect(said).toEqual({
      direction: expect.toSatisfy((count: number) => count > 0, 'a rule') as unknown,
      result: [call.result],
      answeredBy: answeredBy(call),
      transfers: call.transfers.map(() => ({ made: true, over: true })),
      events: expected,
    });
    if (call.external === null && call.direction === 'in')
      expect(notes.map((note) => note.rule)).toContain('client-withheld');
  }
  for (const state of run.finished.filter((one) => !one.announced))
    expect(notesOf(run, state.id).map((note) => note.rule)).toContain('told-nobody');
}

/** The client answers an outgoing call: that somebody answered is all there is to say. */
function answeredBy(call: CallFacts): unknown {
  if (call.direction === 'out') return call.answeredAt !== null;
  return call.answeredBy ?? undefined;
}

describe.each(VERSIONS)('of a real call on Asterisk %s', (version) => {
  it.each(STREAMS)('every part has its rule, seen as %s', (stream) => {
    for (const name of captureNames(version)) judge(new Run().feed(captureFacts(version, name, stream)));
  });
});

it.each(Object.keys(SCENARIOS))('every part of posted scenario %s has its rule', (scenario) => {
  const facts = webhookFacts(scenario);
  judge(new Run().feed(facts).passTime((facts.at(-1)?.arrivedAt ?? 0) + 6 * HOUR));
});

describe('the catalogue of rules', () => {
  const folder = new URL('../../src/', import.meta.url);
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('calls/rules.ts'))
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .join('');

  it('holds only rules that something concludes by', () => {
    expect(Object.keys(RULES).filter((rule) => !sources.includes(`'${rule}'`))).toEqual([]);
  });

  it('is the one the page for operators explains', () => {
    const page = readFileSync(new URL('../../docs/why.md', import.meta.url), 'utf8');
    const explained = [...page.matchAll(/^\| `([a-z-]+)` \| (.*) \|$/gm)].map((match) => [match[1], match[2]]);
    expect(Object.fromEntries(explained)).toEqual(RULES);
  });
});
