import type { Socket } from 'node:net';
import { afterAll } from 'vitest';

/**
 * Fails a test file that leaves a socket, a server, a child process or a timer behind. Registered first, so it runs
 * after the file's own hooks. What closes by itself within a few seconds (a FIN on its way, vitest's own calls to its
 * parent) is no leak; only what keeps the process alive is counted, so an unref'd timer is none either.
 */
const WATCHED = ['TCPSocketWrap', 'TCPServerWrap', 'TLSWrap', 'PipeServerWrap', 'UDPWrap', 'ProcessWrap', 'Timeout'];
const PATIENCE_MS = 5_000;

function count(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

const before = count();

function left(): string[] {
  const now = count();
  return WATCHED.filter((name) => (now.get(name) ?? 0) > (before.get(name) ?? 0)).map(
    (name) => `${name} × ${(now.get(name) ?? 0) - (before.get(name) ?? 0)}`,
  );
}

/** Addresses, for the reader of the failure. The call is Node's own, undocumented; without it only the counts show. */
function addresses(): string[] {
  const handles = (process as { _getActiveHandles?: () => unknown[] })._getActiveHandles?.() ?? [];
  return handles.flatMap((handle) => {
    const { localPort, remoteAddress, remotePort } = handle as Partial<Socket>;
    return remotePort === undefined ? [] : [`${localPort ?? '?'} → ${remoteAddress ?? '?'}:${remotePort}`];
  });
}

async function settle(): Promise<string[]> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const names = left();
    if (names.length === 0 || Date.now() > until) return names;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 25);
    });
  }
}

afterAll(async () => {
  const names = await settle();
  if (names.length > 0) {
    throw new Error(
      `This file left behind: ${names.join(', ')}. Sockets: ${addresses().join('; ') || 'none'}. Close, stop or await what it opens.`,
    );
  }
});
