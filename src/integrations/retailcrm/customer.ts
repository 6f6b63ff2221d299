/**
 * The client RetailCRM does not know yet: made before his call is stored, so that the call stands with him. Once per number,
 * however many of his calls want it; after a try whose outcome is unknown RetailCRM is asked first.
 */
import type { ConnectionDeps, Failure } from '../contract.js';
import type { RetailCrmClient } from './client.js';
import { clientOf } from './lookup.js';
import type { RetailCrmSettings } from './settings.js';

const CREATE_PATH = '/api/v5/customers/create';
const BUSY_MS = 1_500;

/** Null when he is there; else why the record has to wait. */
export async function ensureCustomer(
  client: RetailCrmClient,
  settings: RetailCrmSettings,
  createOnce: ConnectionDeps['createOnce'],
  phone: string,
  signal: AbortSignal,
): Promise<Failure | null> {
  if (!createOnce) return null;
  const known = await clientOf(client, settings, phone, signal);
  if ('failure' in known) return known.failure;
  if (known.customer) return null;
  const created = await createOnce(`customer/${phone}`, async (mayExist) => {
    if (mayExist) {
      const again = await clientOf(client, settings, phone, signal);
      if ('failure' in again) return again.failure;
      if (again.customer) return 'known';
    }
    const customer = { firstName: phone, phones: [{ number: phone }] };
    const answer = await client.post(
      CREATE_PATH,
      { customer },
      signal,
      settings.site ? { site: settings.site } : undefined,
    );
    if (!answer.ok) return answer.failure;
    return String(answer.body['id'] ?? 'made');
  });
  if (created.kind === 'there') return null;
  if (created.kind === 'failed') return created.failure;
  return {
    kind: 'retry',
    code: 'CREATING',
    why: 'another call of this client is making him in RetailCRM',
    afterMs: BUSY_MS,
  };
}
