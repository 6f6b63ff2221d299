/**
 * A TCP line that can be cut: put between two parties, it passes bytes on until it is told otherwise.
 *
 * - `heal`: everything passes; what was held back follows. `healNew`: only connections made from now on; what the others
 *   hold stays held, to arrive late.
 * - `cut`: every connection is reset, and every new one at once.
 * - `hang`: connections stay and nothing passes either way, as behind a firewall that drops.
 * - `deafen`: what clients send arrives, what comes back is held: the far side acts and nobody hears of it.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface CutProxy {
  readonly host: string;
  readonly port: number;
  heal(): void;
  healNew(): void;
  cut(): void;
  hang(): void;
  deafen(): void;
  connections(): number;
  close(): Promise<void>;
}

type Mode = 'open' | 'cut' | 'hang' | 'deaf';

interface Pair {
  mode: Mode;
  client: Socket;
  server: Socket;
}

/** @param hear told what clients send, as it passes */
export async function createCutProxy(
  target: { host: string; port: number },
  hear: (bytes: Buffer) => void = () => undefined,
): Promise<CutProxy> {
  let mode: Mode = 'open';
  const pairs = new Set<Pair>();

  function apply({ mode, client, server }: Pair): void {
    if (mode === 'open' || mode === 'deaf') client.resume();
    else client.pause();
    if (mode === 'open') server.resume();
    else server.pause();
  }

  function drop(pair: Pair): void {
    if (!pairs.delete(pair)) return;
    reset(pair.client);
    reset(pair.server);
  }

  const listener = createServer({ pauseOnConnect: true }, (client) => {
    if (mode === 'cut') {
      reset(client.on('error', () => undefined));
      return;
    }
    const server = connect(target);
    const pair: Pair = { mode, client, server };
    pairs.add(pair);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('data', (bytes) => to.write(bytes));
      from.on('end', () => to.end());
      from.on('error', () => drop(pair));
      from.on('close', () => {
        if (client.destroyed && server.destroyed) pairs.delete(pair);
      });
    }
    client.on('data', hear);
    apply(pair);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { address, port } = listener.address() as AddressInfo;

  function set(next: Mode): void {
    mode = next;
    for (const pair of pairs) {
      pair.mode = next;
      if (next === 'cut') drop(pair);
      else apply(pair);
    }
  }

  return {
    host: address,
    port,
    heal: () => set('open'),
    healNew: () => void (mode = 'open'),
    cut: () => set('cut'),
    hang: () => set('hang'),
    deafen: () => set('deaf'),
    connections: () => pairs.size,
    async close() {
      set('cut');
      listener.close();
      await once(listener, 'close');
    },
  };
}

/** A socket that is ending cannot be reset any more: Node would keep its handle for ever. */
function reset(socket: Socket): void {
  if (socket.writableEnded || socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}

/** The same address, by way of the proxy. */
export function throughProxy(url: string, proxy: CutProxy): string {
  const changed = new URL(url);
  changed.hostname = proxy.host;
  changed.port = String(proxy.port);
  return changed.href;
}
