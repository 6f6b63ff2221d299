import { createHash } from 'node:crypto';
import { TrunklineError } from '../platform/errors.js';
import type { AmiMessage } from './message.js';
import { AmiRefusal } from './pending.js';
import type { ActionHeaders } from './sanitise.js';

export interface Credentials {
  username: string;
  secret: string;
  md5: boolean;
  eventMask: string;
}

type Act = (action: string, headers: ActionHeaders) => Promise<AmiMessage>;

/**
 * Logs in and says which events are wanted. Nothing waits for `FullyBooted`: a user without class `system` never gets it.
 * @throws TrunklineError `AMI_AUTH_FAILED` when the PBX refuses us; what `act` throws when it is lost or silent.
 */
export async function logIn(act: Act, credentials: Credentials): Promise<void> {
  const { username, eventMask } = credentials;
  try {
    const proof = credentials.md5 ? await md5Proof(act, credentials.secret) : { Secret: credentials.secret };
    await act('Login', { Username: username, ...proof, Events: eventMask });
  } catch (error) {
    if (!(error instanceof AmiRefusal)) throw error;
    throw new TrunklineError('AMI_AUTH_FAILED', `the PBX refused the log-in of ${username}: ${error.reply}`);
  }
  try {
    // Said again: not every transport sends it with the log-in.
    await act('Events', { EventMask: eventMask });
  } catch (error) {
    if (!(error instanceof AmiRefusal)) throw error;
  }
}

async function md5Proof(act: Act, secret: string): Promise<ActionHeaders> {
  const answer = await act('Challenge', { AuthType: 'MD5' });
  const challenge = answer.get('Challenge') ?? '';
  return { AuthType: 'MD5', Key: createHash('md5').update(challenge).update(secret).digest('hex') };
}
