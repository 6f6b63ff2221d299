/**
 * AMI through the package asterisk-manager, which frames bytes rightly and little else. So it is held like this:
 *
 * - one instance per TCP connection, thrown away with it: its parser state would survive into the next one;
 * - only its `rawevent` seam is read. Its own listener there is taken off, because it mixes event names and action ids
 *   with internal names in one emitter, so that a dialplan could crash or hang the process;
 * - its waiting, holding and reconnecting are never used; an action is handed over only while the connection is up, and
 *   the listener it leaves per action is taken off at once;
 * - the socket it hides is destroyed by an AbortSignal given with the connect options.
 *
 * What it cannot do is declared: no TLS, no MD5 challenge, UTF-8 only, no `Command` (it reads long output in quadratic
 * time, and output of old PBXs without a last line end swallows all that follows). It has no limit of its own either;
 * bytes that lead to no message are counted at the socket, and too many end the connection.
 */
import { channel } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import AsteriskManager from 'asterisk-manager';
import { TrunklineError } from '../platform/errors.js';
import { parseBlock } from './frame.js';
import type { Unread } from './frame.js';
import type { AmiMessage } from './message.js';
import { messageOf } from './message.js';
import { inOneWrite, lostBecause } from './native-transport.js';
import type { AmiConnection, AmiTransport, ConnectionListener, ConnectOptions, OutgoingAction } from './transport.js';
import { requireCapabilities } from './transport.js';

/** Characters without a message in them. At 1 MiB of short lines the package would already block for seconds. */
const UNREAD_LIMIT = 256 * 1024;

type Manager = ReturnType<typeof AsteriskManager>;

export const asteriskManagerTransport: AmiTransport = {
  name: 'asterisk-manager',
  capabilities: {
    tls: false,
    md5: false,
    encodings: ['utf8'],
    lineLimit: 'drops-connection',
    refusedActions: ['command', 'challenge'],
  },
  connect(options, listener) {
    requireCapabilities(asteriskManagerTransport, { tls: options.tls !== null, encoding: options.encoding });
    return new ManagedConnection(options, listener);
  },
};

class ManagedConnection implements AmiConnection {
  readonly #listener: ConnectionListener;
  readonly #manager: Manager;
  readonly #abort = new AbortController();
  readonly #socket: Socket | null;
  /** Our id of the log-in under way: the package gives it one of its own. */
  #login: string | null = null;
  /** Characters since the last message, as far as whole chunks tell. */
  #unread = 0;
  /** Of the chunk being read, what stands behind its last blank line. */
  #tail = 0;
  #cause: TrunklineError | null = null;
  #closed = false;

  constructor({ host, port, lineLimit }: ConnectOptions, listener: ConnectionListener) {
    this.#listener = listener;
    const manager = AsteriskManager(null, null, '', '', true);
    this.#manager = manager;
    manager.removeAllListeners('rawevent');
    manager.on('rawevent', (item) => this.#read(item));
    manager.on('error', (error) => {
      this.#cause ??= new TrunklineError('AMI_LOST', lostBecause(error), { cause: error });
    });
    manager.on('end', () => {
      this.#cause ??= new TrunklineError('AMI_LOST', 'the PBX closed the connection');
      this.#abort.abort();
    });
    manager.on('close', () => this.#close());
    const settings = {
      host,
      port,
      signal: this.#abort.signal,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 15_000,
    };
    this.#socket = socketOpenedBy(() => {
      manager.connect(settings, undefined, () => {
        if (!this.#closed) listener.onOpen();
      });
    });
    const limit = Math.min(lineLimit, UNREAD_LIMIT);
    // Before the package's own listener, so that what is too much is never searched.
    this.#socket?.prependListener('data', (text: string) => {
      this.#unread += text.length;
      const blank = text.lastIndexOf('\r\n\r\n');
      this.#tail = blank < 0 ? text.length : text.length - blank - 4;
      if (this.#unread > limit)
        this.#fail(new TrunklineError('AMI_PROTOCOL', 'the PBX sends without end; framing is lost'));
    });
  }

  send(...actions: OutgoingAction[]): void {
    if (this.#closed) return;
    if (this.#socket) inOneWrite(this.#socket);
    for (const action of actions) this.#send(action);
  }

  destroy(): void {
    this.#cause ??= new TrunklineError('AMI_LOST', 'the connection to the PBX was closed by us');
    this.#abort.abort();
  }

  #send({ action, actionId, headers }: OutgoingAction): void {
    if (action.toLowerCase() === 'login') return this.#logIn(actionId, headers);
    requireCapabilities(asteriskManagerTransport, { action });
    const request: Record<string, string> = { action, actionid: actionId };
    // The package trims names, so blanks behind one let a header be repeated.
    for (const [name, value] of headers) {
      let key = name;
      while (key in request) key += ' ';
      request[key] = value;
    }
    this.#manager.action(request);
    this.#manager.removeAllListeners(actionId);
  }

  #logIn(actionId: string, headers: OutgoingAction['headers']): void {
    const valueOf = (wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? '';
    this.#login = actionId;
    this.#manager.options.username = valueOf('username');
    this.#manager.options.password = valueOf('secret');
    this.#manager.login(() => undefined);
  }

  #read(item: Record<string, unknown>): void {
    this.#unread = this.#tail;
    if (this.#closed || this.#abort.signal.aborted) return;
    this.#answerLogin(item);
    const message = toMessage(item);
    if (message === null) return;
    if ('reason' in message) this.#listener.onDrop(message.reason, message);
    else this.#listener.onMessage(message);
  }

  /** Tells the package that it is logged in, else it would hold every action; gives the answer our own id. */
  #answerLogin(item: Record<string, unknown>): void {
    const id = item['actionid'];
    if (this.#login === null || typeof id !== 'string' || !/^\d+$/.test(id)) return;
    if (this.#manager.listeners(id).length === 0) return;
    const refused = item['response'] === 'Success' ? undefined : 'refused';
    this.#manager.emit(id, refused, item);
    item['actionid'] = this.#login;
    this.#login = null;
  }

  #fail(why: TrunklineError): void {
    if (this.#closed || this.#abort.signal.aborted) return;
    this.#cause = why;
    this.#listener.onDrop('line-too-long');
    this.#abort.abort();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.onClose(this.#cause ?? new TrunklineError('AMI_LOST', 'the PBX closed the connection'));
  }
}

/** The socket that `open` makes, as Node announces it; null when it announces none. */
function socketOpenedBy(open: () => void): Socket | null {
  const opened = channel('net.client.socket');
  let socket: Socket | null = null;
  const see = (message: unknown) => {
    socket ??= (message as { socket: Socket }).socket;
  };
  opened.subscribe(see);
  try {
    open();
  } finally {
    opened.unsubscribe(see);
  }
  return socket;
}

/** What the package made of a message, as a message again; null for a stray blank line. */
function toMessage(item: Record<string, unknown>): AmiMessage | Unread | null {
  if (typeof item['content'] === 'string' && item['response'] === 'follows') {
    return parseBlock(item['content'].replaceAll('\n', '\r\n'));
  }
  const names: string[] = [];
  const values: string[] = [];
  const repeated: [string, string][] = [];
  let isMalformed = false;
  for (const [name, value] of Object.entries(item)) {
    // A name of digits is no header of AMI, and an object does not tell where it stood.
    if (/^\d+$/.test(name)) {
      isMalformed = true;
      continue;
    }
    const [once, ...more] = valuesOf(name, value, item['event'] === 'VarSet');
    if (once === undefined) continue;
    names.push(name);
    values.push(once);
    for (const one of more) repeated.push([name, one]);
  }
  // Where a repetition stood is not told; behind all others it hides the order of none.
  for (const [name, value] of repeated) {
    names.push(name);
    values.push(value);
  }
  const first = names[0];
  if (first === undefined) return isMalformed ? { reason: 'not-a-message', names, values } : null;
  if (first !== 'event' && first !== 'response') return { reason: 'not-a-message', names, values };
  // A line without `: ` is a name without a value to the package.
  const isReadable = (name: string) => name !== '' && !name.includes(':');
  if (isMalformed || !names.every(isReadable)) {
    // What stands behind an odd line still tells whether the event came whole.
    return {
      reason: 'malformed',
      names: names.filter(isReadable),
      values: values.filter((_, at) => isReadable(names[at] ?? '')),
    };
  }
  return messageOf(names, values);
}

/** `variable` comes as `{ NAME: value }`, a repeated header as a list; anything not text was never sent. */
function valuesOf(name: string, value: unknown, isVarSet: boolean): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.filter((one): one is string => typeof one === 'string');
  if (typeof value !== 'object' || value === null) return [];
  const isBare = isVarSet && name === 'variable';
  return Object.entries(value).map(([key, text]) => (isBare ? key : `${key}=${String(text)}`));
}
