/**
 * By which way live events come. A WebSocket, until it has failed twice to open although the server answers otherwise: then a
 * proxy lets none through, and server-sent events take its place for as long as the page is open.
 */
import { useSyncExternalStore } from 'react';
import { createWSClient } from '@trpc/client';
import { answers, doubtful } from './reachability.js';

const TRIES = 2;

let blocked = false;
let failures = 0;
const listeners = new Set<() => void>();

export const liveByWebSocket = () => !blocked;

/** Changes when the way does: what is subscribed must be subscribed anew. */
export function useLiveWay(): 'ws' | 'sse' {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => void listeners.delete(tell);
    },
    () => (blocked ? 'sse' : 'ws'),
  );
}

export function webSocket(url: string) {
  let isOpen = false;
  return createWSClient({
    url: url.replace(/^http/, 'ws'),
    lazy: { enabled: true, closeMs: 10_000 },
    keepAlive: { enabled: true, intervalMs: 15_000, pongTimeoutMs: 5_000 },
    retryDelayMs: (attempt) => Math.min(1_000 * 2 ** attempt, 8_000) * (0.5 + Math.random() / 2),
    onOpen() {
      isOpen = true;
      failures = 0;
    },
    onClose() {
      if (isOpen) doubtful();
      else void judge();
      isOpen = false;
    },
  });
}

async function judge(): Promise<void> {
  if (blocked || !(await answers())) return doubtful();
  failures += 1;
  if (failures < TRIES) return;
  blocked = true;
  for (const tell of listeners) tell();
}
