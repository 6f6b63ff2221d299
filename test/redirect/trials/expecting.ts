import { expect } from 'vitest';
import type { ClientCall } from './client-call.js';

/** Talks, and holds that these phones rang and the last of them answered. Tells it as a table does. */
export async function reaches(call: ClientCall, ...phones: string[]): Promise<string> {
  const by = await call.talk();
  expect({ rang: call.rang(), by }).toEqual({ rang: phones, by: phones.at(-1) });
  return phones.length > 1 ? `${phones.slice(0, -1).join(', ')} rang, ${by} answered` : `${by} answered`;
}
