/**
 * The answer of `getcustomerdata`, in the one form the fleet's dialplan can read: it cuts nine characters off the front,
 * splits at the comma and never looks at the status. Whatever else it gets ends up as a name on a phone, or as a context
 * that is not there, and the call is dropped.
 */
import { shownName } from './display-name.js';

export const NOTHING = '{"Name":"","DialPlan":null}';
/** A shorter answer, in bytes, is taken for a failure, harmlessly. */
const SHORTEST = 30;

export function fleetAnswer(name: string | null, context: string | null): string {
  const shown = shownName((name ?? '').split('|')) ?? '';
  const target = context !== null && /^\w{1,79}$/.test(context) ? `"${context}"` : 'null';
  const answer = `{"Name":"${shown}","DialPlan":${target}}`;
  return Buffer.byteLength(answer) < SHORTEST ? NOTHING : answer;
}
