/**
 * Seals secrets with AES-256-GCM. What is sealed is bound to its place (enterprise, type, field), so a row moved
 * elsewhere does not open. Several keys may be valid at once: the first seals, all of them open, which is what makes
 * changing the key safe at every moment.
 *
 * Sealed bytes: version (1), nonce (12), tag (16), ciphertext.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { TrunklineError } from './errors.js';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface SecretPlace {
  enterprise: string;
  type: string;
  field: string;
}

export interface Sealed {
  keyId: string;
  sealed: Buffer;
}

export interface SecretBox {
  seal(plain: string, place: SecretPlace): Sealed;
  /** @throws TrunklineError SECRET_UNREADABLE when no key fits, or the bytes were changed or moved. */
  open(sealed: Sealed, place: SecretPlace): string;
  /** Id of the key that seals. */
  currentKeyId(): string;
  /** Reads the keys again: they may have been changed by another process. */
  reload(): void;
}

/** `readKeys` gives the keys of 32 bytes, the sealing one first. */
export function createSecretBox(readKeys: () => readonly Buffer[]): SecretBox {
  let ring = load();

  function load(): Map<string, Buffer> {
    const keys = readKeys();
    if (keys.length === 0) throw new TrunklineError('CONFIG_INVALID', 'TRUNKLINE_SECRET_KEY: there is no key');
    return new Map(keys.map((key) => [keyIdOf(key), key]));
  }

  function current(): [string, Buffer] {
    for (const entry of ring) return entry;
    throw new Error('the ring is never empty');
  }

  return {
    seal(plain, place) {
      const [keyId, key] = current();
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(boundTo(place));
      const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return { keyId, sealed: Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), ciphertext]) };
    },
    open({ keyId, sealed }, place) {
      // A key this process has not seen yet: `secrets rotate` ran beside it.
      if (!ring.has(keyId)) ring = load();
      const key = ring.get(keyId);
      const name = `${place.enterprise}/${place.type}/${place.field}`;
      if (!key)
        throw new TrunklineError('SECRET_UNREADABLE', `${name} is sealed with key ${keyId}, which is not at hand`);
      try {
        return unseal(key, sealed, place);
      } catch (error) {
        throw new TrunklineError('SECRET_UNREADABLE', `${name} does not open: changed, moved or cut`, { cause: error });
      }
    },
    currentKeyId: () => current()[0],
    reload() {
      ring = load();
    },
  };
}

/** Names a key without giving it away. */
export function keyIdOf(key: Buffer): string {
  return createHash('sha256').update('trunkline key id').update(key).digest('hex').slice(0, 12);
}

function unseal(key: Buffer, sealed: Buffer, place: SecretPlace): string {
  if (sealed[0] !== VERSION || sealed.length < 1 + NONCE_BYTES + TAG_BYTES) throw new Error('not a sealed value');
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const tag = sealed.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo(place));
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed.subarray(1 + NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString(
    'utf8',
  );
}

/** A JSON array, so that no two places give the same bytes. */
function boundTo(place: SecretPlace): Buffer {
  return Buffer.from(JSON.stringify([place.enterprise, place.type, place.field]), 'utf8');
}
