import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** A message as header pairs, in the order they came. */
export type ProbeMessage = readonly (readonly [string, string])[];

export const headerOf = (message: ProbeMessage, name: string): string | undefined =>
  message.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];

/**
 * The smallest AMI client, for the test ground's own use. It shares no code with the product on purpose: a harness that
 * reads the PBX through the code under test would be wrong together with it.
 */
export interface AmiProbe {
  readonly messages: readonly ProbeMessage[];
  /** When the nth of them was complete, by our clock. */
  heardAt(index: number): number;
  /** Every byte received, greeting included. */
  raw(): Buffer;
  action(name: string, headers?: Readonly<Record<string, string>>): Promise<ProbeMessage>;
  /** The first message, past or to come, that fits. */
  find(fits: (message: ProbeMessage) => boolean, timeoutMs?: number): Promise<ProbeMessage>;
  /** Resolves when the connection has ended, from whichever side. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

export async function openAmiProbe(options: {
  readonly port: number;
  readonly username: string;
  readonly secret: string;
}): Promise<AmiProbe> {
  const socket = connect({ host: '127.0.0.1', port: options.port });
  await once(socket, 'connect');
  const probe = readFrom(socket);
  const answer = await probe
    .action('Login', { Username: options.username, Secret: options.secret })
    .catch(async (error: unknown) => {
      await probe.close();
      throw error;
    });
  if (headerOf(answer, 'Response') !== 'Success') {
    await probe.close();
    throw new Error(`AMI log-in of ${options.username} refused: ${headerOf(answer, 'Message') ?? 'no message'}`);
  }
  return probe;
}

function readFrom(socket: Socket): AmiProbe {
  const messages: ProbeMessage[] = [];
  const heard: number[] = [];
  const waiting = new Set<(message: ProbeMessage | null) => void>();
  const chunks: Buffer[] = [];
  let rest = '';
  let greeted = false;
  let actions = 0;

  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    rest += chunk.toString('latin1');
    if (!greeted) {
      const end = rest.indexOf('\r\n');
      if (end < 0) return;
      rest = rest.slice(end + 2);
      greeted = true;
    }
    for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
      const message = parse(rest.slice(0, end));
      rest = rest.slice(end + 4);
      messages.push(message);
      heard.push(Date.now());
      for (const wake of [...waiting]) wake(message);
    }
  });
  // A PBX that is killed resets the connection: here that is an end like any other.
  socket.on('error', () => socket.destroy());
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      for (const wake of [...waiting]) wake(null);
      resolve();
    });
  });

  const find = (fits: (message: ProbeMessage) => boolean, timeoutMs = 10_000) => {
    const past = messages.find(fits);
    if (past) return Promise.resolve(past);
    if (socket.destroyed) return Promise.reject(new Error('AMI connection closed'));
    return new Promise<ProbeMessage>((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        waiting.delete(wake);
        settle();
      };
      const wake = (message: ProbeMessage | null) => {
        if (message === null) finish(() => reject(new Error('AMI connection closed')));
        else if (fits(message)) finish(() => resolve(message));
      };
      const timer = setTimeout(() => finish(() => reject(new Error('no such AMI message in time'))), timeoutMs);
      waiting.add(wake);
    });
  };

  return {
    messages,
    heardAt: (index) => heard[index] ?? Date.now(),
    raw: () => Buffer.concat(chunks),
    find,
    async action(name, headers = {}) {
      const id = `probe-${++actions}`;
      const lines = [`Action: ${name}`, `ActionID: ${id}`, ...Object.entries(headers).map(([k, v]) => `${k}: ${v}`)];
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      return await find((m) => headerOf(m, 'ActionID') === id && headerOf(m, 'Response') !== undefined);
    },
    closed,
    async close() {
      socket.destroy();
      await closed;
    },
  };
}

/** Whole messages among these bytes. */
export function messagesOf(bytes: Buffer): ProbeMessage[] {
  return bytes.toString('latin1').split('\r\n\r\n').slice(0, -1).map(parse);
}

/** Some events end with one empty line too many, which then stands before the next. */
function parse(text: string): ProbeMessage {
  const lines = text.split('\r\n').filter((line) => line !== '');
  return lines.map((line) => {
    const colon = line.indexOf(':');
    return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trimStart()];
  });
}
