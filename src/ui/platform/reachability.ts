/**
 * Whether the server can be reached: `up` until a request or the live line fails for want of an answer, then `down`, asked
 * about every two seconds, until it answers.
 */
import { useSyncExternalStore } from 'react';
import { BASE } from './base.js';

const ASK_MS = 2_000;
const ANSWER_MS = 4_000;

let up = true;
let asking: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();
const returns = new Set<() => void>();

export async function answers(): Promise<boolean> {
  try {
    const answer = await fetch(`${BASE}/healthz`, { cache: 'no-store', signal: AbortSignal.timeout(ANSWER_MS) });
    return answer.ok;
  } catch {
    return false;
  }
}

/** Something did not reach the server. It is asked at once: one lost request is no lost connection. */
export function doubtful(): void {
  asking ??= setTimeout(() => void ask(), 0);
}

async function ask(): Promise<void> {
  const answered = await answers();
  asking = answered ? undefined : setTimeout(() => void ask(), ASK_MS);
  if (answered === up) return;
  up = answered;
  for (const tell of listeners) tell();
  if (up) for (const tell of returns) tell();
}

export function onReturn(tell: () => void): () => void {
  returns.add(tell);
  return () => void returns.delete(tell);
}

export function useReachable(): boolean {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => void listeners.delete(tell);
    },
    () => up,
  );
}

window.addEventListener('offline', doubtful);
window.addEventListener('online', doubtful);
