/** Who may post: the enterprise of a token, from an address of its own. */
import type { Clock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import { IpRanges } from '../platform/ip-ranges.js';
import type { Logger } from '../platform/log.js';
import { createRefusals } from './refusals.js';

export interface DoorDeps<Sender> {
  /** Answers from memory. */
  findByToken(token: string): Sender | null;
  clock: Clock;
  log: Logger;
}

export interface Door<Sender> {
  /**
   * The first token that is known counts; `event` is what was posted, for the log.
   * @throws TrunklineError WEBHOOK_FORBIDDEN; who asks is not told which of the reasons it was
   */
  admit(tokens: readonly string[], event: string, address: string): Sender;
}

/** `webhookFrom`: addresses and CIDRs; empty: from anywhere. */
export function createDoor<Sender extends { number: string; webhookFrom: readonly string[] }>({
  findByToken,
  clock,
  log,
}: DoorDeps<Sender>): Door<Sender> {
  const refusals = createRefusals(log, clock);
  /** Settings are replaced, never changed in place, so the list itself is the key. */
  const ranges = new WeakMap<readonly string[], IpRanges>();

  function isFrom(networks: readonly string[], address: string): boolean {
    if (networks.length === 0) return true;
    let known = ranges.get(networks);
    if (!known) ranges.set(networks, (known = new IpRanges(networks)));
    return known.has(address);
  }

  return {
    admit(tokens, event, address) {
      const sender = tokens.map(findByToken).find((found) => found !== null);
      if (!sender) {
        refusals.tell(tokens.length === 0 ? 'no token' : 'unknown token', { event, address });
        throw forbidden();
      }
      if (!isFrom(sender.webhookFrom, address)) {
        refusals.tell('address', { event, address, enterprise: sender.number });
        throw forbidden();
      }
      return sender;
    },
  };
}

function forbidden(): TrunklineError {
  return new TrunklineError('WEBHOOK_FORBIDDEN', 'the token is not known here, or not from this address');
}
