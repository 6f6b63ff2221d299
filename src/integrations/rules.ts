/**
 * What every connector decides alike, from settings of one shape: which calls concern an account, who sees a card and when,
 * whose a missed call is, when a recording found late is not added. A connector spreads `ruleSettings` into its schema and asks
 * the functions here; what follows from an answer (which request) is its own.
 *
 * - `directions`, `lines`, `except_lines`: calls outside of them are not told at all.
 * - `cards`, `extension_cards`: a card when the phone rings, only when it is answered, or never. The finished call is
 *   recorded all the same.
 * - `missed_to`: whose a call is that none of ours talked in, see `responsible.ts`.
 */
import { z } from 'zod';
import type { CallEvent, CallFacts } from '../calls/vocabulary.js';
import type { Outcome } from './contract.js';
import { creditSettings } from './credit.js';

const CARDS = ['ring', 'answer', 'never'] as const;
type CardTime = (typeof CARDS)[number];

const MISSED_TO = ['owner', 'talked', 'rung', 'default'] as const;

const list = z
  .array(z.union([z.string(), z.number()]).transform((value) => String(value).trim()))
  .nullish()
  .transform((lines) => (lines ?? []).filter((line) => line !== ''));

/** Spread into a connector's settings. */
export const ruleSettings = {
  ...creditSettings,
  directions: z
    .enum(['both', 'in', 'out'])
    .default('both')
    .meta({ title: 'Calls to tell of: incoming, outgoing or both' }),
  lines: list.meta({ title: 'Only calls on these lines; empty: on all' }),
  except_lines: list.meta({ title: 'No calls on these lines' }),
  cards: z.enum(CARDS).default('ring').meta({ title: 'Card: when the phone rings, when it is answered, never' }),
  extension_cards: z
    .record(z.string(), z.enum(CARDS))
    .nullish()
    .transform((map) => map ?? {})
    .meta({ title: 'Extension → its own choice of card' }),
  missed_to: z
    .array(z.enum(MISSED_TO))
    .nullish()
    .transform((order) => order ?? [...MISSED_TO])
    .meta({
      title: 'Whose a missed call is: the first found of the client’s owner, who last talked, who last rang, default',
    }),
  default_extension: z
    .union([z.string(), z.number()])
    .nullish()
    .transform((value) => String(value ?? '').trim() || null)
    .meta({ title: 'Extension that gets calls nobody else does' }),
};

const rules = z.object(ruleSettings);
export type Rules = z.infer<typeof rules>;

/** The rules in settings a connector has parsed; a connector without them has the defaults. */
export function rulesOf(settings: Record<string, unknown>): Rules {
  return rules.parse(settings);
}

/** Why an account is told nothing of a call, in an operator's words; null when it is. */
export function whyNot(call: CallFacts, { directions, lines, except_lines }: Rules): string | null {
  if (call.direction === 'internal') return 'an internal call: no client is in it';
  if (directions !== 'both' && directions !== call.direction)
    return call.direction === 'in'
      ? 'incoming calls are switched off for this account'
      : 'outgoing calls are switched off for this account';
  if (lines.length > 0 && !(call.line !== null && lines.some((line) => sameLine(line, call.line))))
    return `calls on the line ${call.line ?? '(unknown)'} are switched off for this account`;
  if (except_lines.some((line) => sameLine(line, call.line)))
    return `calls on the line ${call.line ?? ''} are switched off for this account`;
  return null;
}

/** Extensions that are to see a card because of this event: those that began to ring, or the one that answered. */
export function cardsOf(event: CallEvent, { cards, extension_cards }: Rules): string[] {
  const wanting = (time: CardTime, extensions: readonly string[]) =>
    extensions.filter((extension) => (extension_cards[extension] ?? cards) === time);
  if (event.kind === 'call.ringing') return wanting('ring', event.extensions);
  if (event.kind !== 'call.answered') return [];
  const by = event.call.direction === 'out' ? event.call.caller : event.extension;
  return by === null ? [] : wanting('answer', [by]);
}

/** Whether this extension ever sees a card. */
export function seesCards(extension: string, { cards, extension_cards }: Rules): boolean {
  return (extension_cards[extension] ?? cards) !== 'never';
}

/** Everybody who may have been shown a card of this call, when it is not known who was. */
export function mayHaveSeen(call: CallFacts, rules: Rules): string[] {
  const parties = [call.caller, ...call.rang, ...call.agents, ...call.transfers.map(({ to }) => to)];
  return [...new Set(parties)].filter((party) => party !== null && seesCards(party, rules)) as string[];
}

/** A part of what a record that was accepted leaves in `refs`: its address was told with it. */
export const RECORDING_TOLD = { recording: 'told' };

/**
 * Why a recording found after its call was told without one is not added to its record; null when it is to be. `recordRef`: the
 * name under which the record's own id is remembered.
 */
export function nothingToAdd(
  refs: Readonly<Record<string, string>>,
  recordRef: string,
  { late_recording: wanted }: { late_recording: boolean },
): Outcome | null {
  if (refs[recordRef] === undefined) return { kind: 'skipped', why: 'the call is not recorded there' };
  if (refs['recording'] !== undefined) return { kind: 'skipped', why: 'its record has the address already' };
  if (!wanted)
    return { kind: 'skipped', why: "a recording found later is heard on the call's page only: see late_recording" };
  return null;
}

/** A number may be written with its plus or without. */
function sameLine(one: string, other: string | null): boolean {
  return other !== null && one.replace(/^\+/, '') === other.replace(/^\+/, '');
}
