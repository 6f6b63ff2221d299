/** Tells whoever shows the log-in that the session is over. */
const listeners = new Set<() => void>();

export function sessionEnded(): void {
  for (const tell of listeners) tell();
}

export function onSessionEnd(tell: () => void): () => void {
  listeners.add(tell);
  return () => void listeners.delete(tell);
}
