/**
 * Whose a call is that none of ours talked in: one rule for every connector. An outgoing one is the caller's. An incoming one
 * is the first found along `missed_to`: the client's owner in the CRM, who of ours last talked with him, who rang last, the
 * `default_extension`. Only somebody the CRM knows counts. A question that cannot be answered now is passed over with a
 * warning: a missed call that waits for it would be told too late to call back.
 */
import type { CallFacts } from '../calls/vocabulary.js';
import type { Responsible } from './contract.js';
import type { Rules } from './rules.js';

export interface Asked {
  /** Whom the CRM names as the client's owner. */
  owner(): Promise<Responsible | null>;
  /** The extension or staff mobile that last talked with him. */
  lastTalked(): Promise<string | null>;
  /** The person of the CRM behind an extension or staff mobile, as the connector names people; null when nobody. */
  personOf(party: string): string | null;
  /** The same for a CRM user id. */
  personOfUser(userId: string): string | null;
}

export interface Chosen {
  person: string | null;
  warnings: string[];
}

export async function responsibleFor(call: CallFacts, rules: Rules, asked: Asked): Promise<Chosen> {
  const warnings: string[] = [];
  const person = (party: string | null) => (party === null ? null : asked.personOf(party));
  const caller = person(call.caller);
  if (call.direction === 'out' && caller !== null) return { person: caller, warnings };
  for (const source of rules.missed_to) {
    const found = await ask(source);
    if (found !== null) return { person: found, warnings };
  }
  return { person: null, warnings };

  async function ask(source: Rules['missed_to'][number]): Promise<string | null> {
    try {
      switch (source) {
        case 'owner':
          return ownerAmong(await asked.owner());
        case 'talked':
          return person(await asked.lastTalked());
        case 'rung':
          return call.rang.flatMap((party) => person(party) ?? []).at(-1) ?? null;
        case 'default':
          return person(rules.default_extension);
      }
    } catch (error) {
      warnings.push(`whose the client is could not be asked (${source}): ${(error as Error).message}`);
      return null;
    }
  }

  function ownerAmong(owner: Responsible | null): string | null {
    if (owner === null) return null;
    return (owner.userId === null ? null : asked.personOfUser(owner.userId)) ?? person(owner.extension);
  }
}
