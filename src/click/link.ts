/**
 * A link that asks for one manager's calls and nobody else's, for CRMs without a callback of their own (amoCRM): the signature
 * binds enterprise and extension, so the number may be filled in by the CRM's page. A new `clientId` makes all of them void.
 */
import { createHmac } from 'node:crypto';
import { sameSecret } from '../platform/strong-id.js';

export function signatureOf(clientId: string, enterprise: string, extension: string): string {
  return createHmac('sha256', clientId).update(`click\n${enterprise}\n${extension}`).digest('base64url');
}

export function isSigned(clientId: string, enterprise: string, extension: string, signature: string): boolean {
  return sameSecret(signature, signatureOf(clientId, enterprise, extension));
}

/** `publicUrl` without a trailing slash; `{phone}` is left for the CRM to fill in. */
export function clickLink(publicUrl: string, clientId: string, enterprise: string, extension: string): string {
  const query = new URLSearchParams({ enterprise, code: extension, sig: signatureOf(clientId, enterprise, extension) });
  return `${publicUrl}/amocrm/make-call?${query.toString()}&phone={phone}`;
}
