import { createHash } from 'node:crypto';
import { createServer as createPlainServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { until } from './until.js';

/** One action as a PBX reads it: whatever stands between two blank lines. */
export interface ReceivedAction {
  name: string;
  get(header: string): string | undefined;
  all(header: string): string[];
  /** The bytes, as Latin-1. */
  raw: string;
  peer: AmiPeer;
}

/** How bytes are cut into packets. `seams` cuts at the given offsets. */
export type Chunking = 'whole' | 'bytes' | { sizes: () => number } | { seams: number[] };

/** One client's connection, from the PBX's side. */
export interface AmiPeer {
  readonly socket: Socket;
  loggedIn: boolean;
  /** Header lines, or bytes as they are. */
  write(message: string[] | Buffer | string): void;
  /** Bytes in packets of their own; resolves when all are handed over. */
  play(bytes: Buffer | string, chunking: Chunking): Promise<void>;
  /** The answer to an action, with its ActionID. */
  answer(action: ReceivedAction, word: string, ...headers: string[]): void;
  /** The connection ends without a FIN, as after a power cut: nothing is read or written any more. */
  freeze(): void;
  /** Closes at once. */
  cut(): void;
}

export interface AmiServerOptions {
  user?: string;
  secret?: string;
  greeting?: string;
  tls?: { key: string; cert: string };
  /** A fixed port, to come back where the last one was. */
  port?: number;
  /** Header lines of each live channel, for `Status` and `CoreShowChannels`. */
  channels?: string[][];
  /** Asked first; true when it dealt with the action. */
  onAction?: (action: ReceivedAction, peer: AmiPeer) => boolean | undefined;
  /** Actions the AMI user may not do. */
  forbidden?: string[];
  startup?: { date: string; time: string };
}

export interface AmiServer {
  readonly port: number;
  readonly peers: AmiPeer[];
  readonly actions: ReceivedAction[];
  options: AmiServerOptions;
  received(name: string): ReceivedAction[];
  /** The connection of the `count`th successful log-in, counting from 1. */
  login(count?: number): Promise<AmiPeer>;
  /** The `count`th action of that name, counting from 1. */
  action(name: string, count?: number): Promise<ReceivedAction>;
  close(): Promise<void>;
}

/** A PBX of our own on 127.0.0.1: it checks the log-in as Asterisk does and says what the test has it say. */
export async function startAmiServer(options: AmiServerOptions = {}): Promise<AmiServer> {
  const peers: AmiPeer[] = [];
  const actions: ReceivedAction[] = [];
  const accept = (socket: Socket) => {
    const peer = createPeer(socket);
    peers.push(peer);
    socket.on('error', () => undefined);
    socket.write(options.greeting ?? 'Asterisk Call Manager/9.0.0\r\n');
    let rest = '';
    socket.on('data', (chunk: Buffer) => {
      const blocks = (rest + chunk.toString('latin1')).split('\r\n\r\n');
      rest = blocks.pop() ?? '';
      for (const raw of blocks) {
        const action = parse(raw, peer);
        actions.push(action);
        if (!options.onAction?.(action, peer)) answerAsAsterisk(action, peer, options);
      }
    });
  };
  const server = options.tls ? createTlsServer(options.tls, accept) : createPlainServer(accept);
  // A client that refuses our certificate is no failure of the server.
  server.on('tlsClientError', () => undefined);
  const all = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    all.add(socket);
    socket.once('close', () => all.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const received = (name: string) => actions.filter((action) => action.name.toLowerCase() === name.toLowerCase());
  return {
    port: (server.address() as AddressInfo).port,
    peers,
    actions,
    options,
    received,
    login: (count = 1) => until(`log-in ${String(count)}`, () => peers.filter((peer) => peer.loggedIn)[count - 1]),
    action: (name, count = 1) => until(`${name} ${String(count)}`, () => received(name)[count - 1]),
    close: () => close(server, all),
  };
}

function close(server: Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function parse(raw: string, peer: AmiPeer): ReceivedAction {
  const headers = raw.split('\r\n').map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  const all = (wanted: string) => headers.filter(([name]) => name === wanted.toLowerCase()).map(([, value]) => value);
  return { name: all('action')[0] ?? '', get: (header) => all(header)[0], all, raw, peer };
}

function createPeer(socket: Socket): AmiPeer {
  socket.setNoDelay(true);
  let frozen = false;
  const bytesOf = (message: string[] | Buffer | string) =>
    typeof message === 'string' || Buffer.isBuffer(message) ? message : `${message.join('\r\n')}\r\n\r\n`;
  /** What is said while bytes are being played waits: a PBX never writes into its own message. */
  let waiting: (string[] | Buffer | string)[] | null = null;
  const put = (message: string[] | Buffer | string) => {
    if (!frozen && !socket.destroyed) socket.write(bytesOf(message));
  };
  const write = (message: string[] | Buffer | string) => {
    if (waiting) waiting.push(message);
    else put(message);
  };
  return {
    socket,
    loggedIn: false,
    write,
    async play(bytes, chunking) {
      const said: (string[] | Buffer | string)[] = [];
      waiting = said;
      for (const chunk of chunksOf(Buffer.from(bytes as string), chunking)) {
        put(chunk);
        // A turn of the loop: the client reads this packet before the next is written.
        await new Promise((resolve) => setImmediate(resolve));
      }
      waiting = null;
      for (const message of said) write(message);
    },
    answer(action, word, ...headers) {
      const id = action.get('ActionID');
      write([`Response: ${word}`, ...(id === undefined ? [] : [`ActionID: ${id}`]), ...headers]);
    },
    freeze() {
      frozen = true;
      socket.removeAllListeners('data');
      socket.resume();
    },
    cut: () => socket.destroy(),
  };
}

function* chunksOf(bytes: Buffer, chunking: Chunking): Iterable<Buffer> {
  if (chunking === 'whole') {
    yield bytes;
  } else if (typeof chunking === 'object' && 'seams' in chunking) {
    const seams = [0, ...chunking.seams, bytes.length];
    for (const [index, from] of seams.entries()) if (seams[index + 1]) yield bytes.subarray(from, seams[index + 1]);
  } else {
    for (let at = 0; at < bytes.length;) {
      const size = chunking === 'bytes' ? 1 : Math.max(1, chunking.sizes());
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }
}

function answerAsAsterisk(action: ReceivedAction, peer: AmiPeer, options: AmiServerOptions): void {
  const name = action.name.toLowerCase();
  const isForbidden = options.forbidden?.some((one) => one.toLowerCase() === name);
  if (name === 'challenge') return challenge(action, peer);
  if (name === 'login') return login(action, peer, options);
  if (!peer.loggedIn || isForbidden) return peer.answer(action, 'Error', 'Message: Permission denied');
  if (name === 'ping') {
    return peer.answer(action, 'Success', 'Ping: Pong', `Timestamp: ${(Date.now() / 1000).toFixed(6)}`);
  }
  if (name === 'events') return peer.answer(action, 'Success', 'Events: On');
  if (name === 'corestatus') return coreStatus(action, peer, options);
  if (name === 'status') return status(action, peer, options);
  if (name === 'coreshowchannels') return coreShowChannels(action, peer, options);
  peer.answer(action, 'Error', 'Message: Invalid/unknown command');
}

const challenges = new WeakMap<AmiPeer, string>();

function challenge(action: ReceivedAction, peer: AmiPeer): void {
  const text = String(Math.floor(Math.random() * 1e9));
  challenges.set(peer, text);
  peer.answer(action, 'Success', `Challenge: ${text}`);
}

function login(action: ReceivedAction, peer: AmiPeer, options: AmiServerOptions): void {
  const secret = options.secret ?? 'crm-secret';
  const text = challenges.get(peer);
  const isProved =
    action.get('AuthType')?.toUpperCase() === 'MD5'
      ? text !== undefined && action.get('Key') === createHash('md5').update(text).update(secret).digest('hex')
      : action.get('Secret') === secret;
  if (isProved && action.get('Username') === (options.user ?? 'crm')) {
    peer.answer(action, 'Success', 'Message: Authentication accepted');
    peer.loggedIn = true;
  } else {
    peer.answer(action, 'Error', 'Message: Authentication failed');
    peer.socket.end();
  }
}

function coreStatus(action: ReceivedAction, peer: AmiPeer, { startup }: AmiServerOptions): void {
  const { date, time } = startup ?? { date: '2026-11-22', time: '08:00:00' };
  peer.answer(action, 'Success', `CoreStartupDate: ${date}`, `CoreStartupTime: ${time}`, 'CoreCurrentCalls: 0');
}

function status(action: ReceivedAction, peer: AmiPeer, { channels = [] }: AmiServerOptions): void {
  const id = action.get('ActionID') ?? '';
  const wanted = action.get('Channel');
  const rows =
    wanted === undefined ? channels : channels.filter((row) => row.some((line) => line.endsWith(`: ${wanted}`)));
  if (wanted !== undefined && rows.length === 0) return peer.answer(action, 'Error', 'Message: No such channel');
  peer.answer(action, 'Success', 'EventList: start', 'Message: Channel status will follow');
  for (const row of rows) peer.write(['Event: Status', 'Privilege: Call', ...row, `ActionID: ${id}`]);
  peer.write(['Event: StatusComplete', `ActionID: ${id}`, 'EventList: Complete', `Items: ${String(rows.length)}`]);
}

function coreShowChannels(action: ReceivedAction, peer: AmiPeer, { channels = [] }: AmiServerOptions): void {
  const id = action.get('ActionID') ?? '';
  peer.answer(action, 'Success', 'EventList: start', 'Message: Channels will follow');
  for (const row of channels) peer.write(['Event: CoreShowChannel', `ActionID: ${id}`, ...row]);
  peer.write(['Event: CoreShowChannelsComplete', `ActionID: ${id}`, 'EventList: Complete']);
}
