import { createHash, timingSafeEqual } from 'node:crypto';

/** What the dialplan signs a waiting call with: the secret word never travels, and a signature fits one channel only. */
export function signatureOf(secret: string, uid: string): string {
  return createHash('sha1').update(`${secret}:${uid}`).digest('hex');
}

export function isSignedWith(secret: string | null, uid: string, signature: string): boolean {
  if (secret === null || secret === '') return false;
  const wanted = Buffer.from(signatureOf(secret, uid));
  const given = Buffer.from(signature.toLowerCase());
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}
