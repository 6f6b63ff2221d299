/** A conclusion in one line: what it says, what of, and the name of its rule. */
import { RULES } from './rules.js';
import type { Note } from './rules.js';

/** What integrations are owed of an event, or why nothing. */
export function isDebt({ rule }: Note): boolean {
  return rule === 'owed' || rule === 'not-owed';
}

export function noteText(note: Note): string {
  if (isDebt(note)) return debtText(note);
  // The result stands in its rule's own words.
  const { event, seq, result: _, ...detail } = note.detail;
  const told = event === undefined ? '-' : `=> ${String(seq)} ${String(event)}:`;
  const of = partsOf(detail);
  return `${told} ${RULES[note.rule]}${of === '' ? '' : ` (${of})`} [${note.rule}]`;
}

function debtText({ detail }: Note): string {
  const { integration, steps, why } = detail as { integration: string | null; steps?: string[]; why?: string };
  const owed = steps === undefined ? `nothing, ${why ?? 'unknown'}` : steps.join(', ');
  return `     ${integration ?? 'nobody'} is owed ${owed}`;
}

function partsOf(detail: Note['detail']): string {
  return Object.entries(detail)
    .flatMap(([name, value]) => (value === null || value === undefined || value === '' ? [] : [partOf(name, value)]))
    .join(', ');
}

function partOf(name: string, value: unknown): string {
  if (name === 'ms') return `${(Number(value) / 1000).toFixed(1)} s`;
  if (name === 'transfer') return transferText(value as Record<string, unknown>);
  if (Array.isArray(value)) return `${name} ${value.map((one) => (one as string | null) ?? 'somebody').join(', ')}`;
  return name === 'why' || name === 'direction' ? String(value) : `${name} ${String(value)}`;
}

function transferText({ kind, from, to }: Record<string, unknown>): string {
  return `${String(kind)} from ${String(from ?? '?')} to ${String(to ?? '?')}`;
}
