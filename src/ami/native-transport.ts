import { connect as connectPlain, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { TrunklineError } from '../platform/errors.js';
import type { AmiEncoding } from './encoding.js';
import { AMI_ENCODINGS, encode } from './encoding.js';
import { FrameParser } from './frame.js';
import type { AmiConnection, AmiTransport, ConnectionListener, ConnectOptions, OutgoingAction } from './transport.js';

/** AMI by our own parser: every byte is ours to count, so it has limits, TLS, the MD5 challenge and old encodings. */
export const nativeTransport: AmiTransport = {
  name: 'native',
  capabilities: {
    tls: true,
    md5: true,
    encodings: AMI_ENCODINGS,
    lineLimit: 'drops-message',
    refusedActions: [],
  },
  connect: (options, listener) => new NativeConnection(options, listener),
};

class NativeConnection implements AmiConnection {
  readonly #socket: Socket;
  readonly #encoding: AmiEncoding;
  readonly #listener: ConnectionListener;
  #cause: TrunklineError | null = null;
  #closed = false;

  constructor(options: ConnectOptions, listener: ConnectionListener) {
    this.#encoding = options.encoding;
    this.#listener = listener;
    const parser = new FrameParser({
      encoding: options.encoding,
      lineLimit: options.lineLimit,
      onMessage: (message) => {
        if (!this.#socket.destroyed) listener.onMessage(message);
      },
      onDrop: (reason, unread) => listener.onDrop(reason, unread),
      onBroken: () => this.#fail(new TrunklineError('AMI_PROTOCOL', 'the PBX sends what is no AMI; framing is lost')),
    });
    const socket = open(options);
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 15_000);
    socket.once(options.tls ? 'secureConnect' : 'connect', () => {
      if (!this.#closed) listener.onOpen();
    });
    socket.on('data', (chunk: Buffer) => parser.push(chunk));
    // An end from the PBX is the end: AMI has no half-closed state.
    socket.on('end', () => socket.destroy());
    socket.on('error', (error) => {
      this.#cause ??= new TrunklineError('AMI_LOST', lostBecause(error), { cause: error });
    });
    socket.on('close', () => {
      parser.end();
      this.#close();
    });
  }

  send(...actions: OutgoingAction[]): void {
    if (this.#closed || this.#socket.destroyed) return;
    inOneWrite(this.#socket);
    this.#socket.write(encode(actions.map(serialise).join(''), this.#encoding));
  }

  destroy(): void {
    this.#cause ??= new TrunklineError('AMI_LOST', 'the connection to the PBX was closed by us');
    this.#socket.destroy();
  }

  #fail(why: TrunklineError): void {
    this.#cause ??= why;
    this.#socket.destroy();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.onClose(this.#cause ?? new TrunklineError('AMI_LOST', 'the PBX closed the connection'));
  }
}

function open({ host, port, tls }: ConnectOptions): Socket {
  if (!tls) return connectPlain({ host, port });
  return connectTls({
    host,
    port,
    rejectUnauthorized: tls.verify,
    ...(tls.ca ? { ca: tls.ca } : {}),
    ...(isIP(host) ? {} : { servername: host }),
  });
}

function serialise({ action, actionId, headers }: OutgoingAction): string {
  let text = `Action: ${action}\r\nActionID: ${actionId}\r\n`;
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return `${text}\r\n`;
}

/** What is written to the socket from now until this turn ends goes to the system at once: a write costs more than its bytes. */
export function inOneWrite(socket: Socket): void {
  socket.cork();
  process.nextTick(() => socket.uncork());
}

/** The system's word for a failed connection (`ECONNREFUSED`), without addresses. */
export function lostBecause(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `the connection to the PBX failed: ${code}`;
}
