/**
 * What must be made in a CRM once (the contact of an unknown client), though three of his calls want it in the same minute,
 * on one daemon or several. A committed claim goes before the request; who comes second waits for the first (`busy`, a short
 * retry) and then uses what was made.
 *
 * After a kill or an answer that was cut off, the claim stands without an id: the next one is told `mayExist` and looks in
 * the CRM first. An id that has been deleted in the CRM since is the connector's to notice: it asks with another key.
 */
import type { ConnectionDeps } from './contract.js';
import { claimCreation, giveUpCreation, keepCreated } from './created-store.js';
import type { CreatedKey, Queryable } from './created-store.js';

export function createOnceWith(
  db: Queryable,
  account: Omit<CreatedKey, 'key'>,
): NonNullable<ConnectionDeps['createOnce']> {
  return async (key, make) => {
    const place = { ...account, key };
    const claim = await claimCreation(db, place);
    if (claim.kind !== 'ours') return claim;
    let made;
    try {
      made = await make(claim.mayExist);
    } catch (error) {
      await giveUpCreation(db, place, true);
      throw error;
    }
    if (typeof made === 'string') {
      await keepCreated(db, place, made);
      return { kind: 'there', id: made };
    }
    await giveUpCreation(db, place, claim.mayExist || made.kind === 'unknown');
    return { kind: 'failed', failure: made };
  };
}
