/**
 * What a person takes along to a CRM's page of consent and brings back: sealed by our key, so nobody can make one, bound to the
 * enterprise and the CRM, and good for half an hour.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../platform/clock.js';
import type { SecretBox } from '../platform/secret-box.js';

export interface States {
  make(enterprise: string): string;
  /** The enterprise it was made for; null when it is none of ours, or too old. */
  read(state: string): string | null;
}

const LIFE_MS = 30 * 60_000;
const LONGEST = 1_000;

export function createStates(type: string, { box, clock }: { box: SecretBox; clock: Pick<Clock, 'now'> }): States {
  const place = (enterprise: string) => ({ enterprise, type, field: 'state' });
  return {
    make(enterprise) {
      const until = clock.now() + LIFE_MS;
      const { keyId, sealed } = box.seal(`${until} ${randomBytes(16).toString('hex')}`, place(enterprise));
      return [Buffer.from(enterprise).toString('base64url'), keyId, sealed.toString('base64url')].join('.');
    },
    read(state) {
      const [number = '', keyId = '', sealed = '', more] = state.length > LONGEST ? [] : state.split('.');
      const enterprise = Buffer.from(number, 'base64url').toString();
      if (enterprise === '' || more !== undefined) return null;
      try {
        const plain = box.open({ keyId, sealed: Buffer.from(sealed, 'base64url') }, place(enterprise));
        return Number(plain.split(' ')[0]) > clock.now() ? enterprise : null;
      } catch {
        return null;
      }
    },
  };
}
