import { createHash, randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import type { LiveChannels } from './live-channels.js';

export interface SimulatedAccount {
  user: string;
  secret: string;
  startedAt: number;
  channels: LiveChannels;
  onLogin(): void;
}

type Headers = Map<string, string>;

/** One AMI client of the simulated PBX: its log-in, the events it wants, and the answers to what it asks. */
export class SimulatedClient {
  readonly #socket: Socket;
  readonly #account: SimulatedAccount;
  #rest = '';
  #challenge = '';
  #isLoggedIn = false;
  /** Null: every class. */
  #classes: Set<string> | null = null;

  constructor(socket: Socket, account: SimulatedAccount) {
    this.#socket = socket;
    this.#account = account;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#read(chunk.toString('latin1')));
    socket.write('Asterisk Call Manager/11.0.0\r\n');
  }

  get isLoggedIn(): boolean {
    return this.#isLoggedIn && !this.#socket.destroyed;
  }

  /** An event, if this client asked for its class. */
  tell(text: string): void {
    if (!this.isLoggedIn) return;
    const classes = /^Privilege: (.*)$/m.exec(text)?.[1]?.trim().split(',') ?? [];
    const wanted = this.#classes;
    if (wanted && !classes.every((one) => one === 'all' || wanted.has(one))) return;
    this.#socket.write(`${text}\r\n\r\n`, 'latin1');
  }

  #read(text: string): void {
    const blocks = (this.#rest + text).split('\r\n\r\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const headers: Headers = new Map();
      for (const line of block.split('\r\n')) {
        const colon = line.indexOf(':');
        if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
      }
      this.#act(headers.get('action')?.toLowerCase() ?? '', headers);
    }
  }

  #act(action: string, headers: Headers): void {
    if (action === 'challenge') {
      this.#challenge = String(randomInt(1e9));
      this.#answer(headers, 'Success', `Challenge: ${this.#challenge}`);
    } else if (action === 'login') {
      this.#login(headers);
    } else if (!this.#isLoggedIn) {
      this.#answer(headers, 'Error', 'Message: Permission denied');
    } else {
      this.#serve(action, headers);
    }
  }

  #login(headers: Headers): void {
    const { user, secret, onLogin } = this.#account;
    const key = createHash('md5').update(this.#challenge).update(secret).digest('hex');
    const isProved = this.#challenge !== '' && headers.get('key') === key;
    if (headers.get('username') !== user || !(isProved || headers.get('secret') === secret)) {
      this.#answer(headers, 'Error', 'Message: Authentication failed');
      this.#socket.end();
      return;
    }
    this.#mask(headers.get('events'));
    this.#answer(headers, 'Success', 'Message: Authentication accepted');
    this.#isLoggedIn = true;
    this.tell('Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted');
    onLogin();
  }

  #serve(action: string, headers: Headers): void {
    switch (action) {
      case 'ping':
        return this.#answer(headers, 'Success', 'Ping: Pong', `Timestamp: ${(Date.now() / 1000).toFixed(6)}`);
      case 'events':
        this.#mask(headers.get('eventmask'));
        return this.#answer(headers, 'Success', `Events: ${this.#classes?.size === 0 ? 'Off' : 'On'}`);
      case 'corestatus': {
        const [date = '', time = ''] = new Date(this.#account.startedAt).toISOString().slice(0, 19).split('T');
        return this.#answer(headers, 'Success', `CoreStartupDate: ${date}`, `CoreStartupTime: ${time}`);
      }
      case 'status':
        return this.#status(headers);
      case 'coreshowchannels':
        return this.#coreShowChannels(headers);
      case 'getvar':
        return this.#getvar(headers);
      case 'logoff':
        this.#answer(headers, 'Goodbye', 'Message: Thanks for all the fish.');
        this.#socket.end();
        return;
      default:
        this.#answer(headers, 'Error', 'Message: Invalid/unknown command');
    }
  }

  #status(headers: Headers): void {
    const wanted = headers.get('channel');
    const channels = this.#account.channels.find(wanted);
    if (wanted !== undefined && channels.length === 0)
      return this.#answer(headers, 'Error', 'Message: No such channel');
    this.#answer(headers, 'Success', 'EventList: start', 'Message: Channel status will follow');
    const id = headers.get('actionid') ?? '';
    for (const { lines, bridge, application, beganAt } of channels) {
      const seconds = Math.floor((Date.now() - beganAt) / 1000);
      const more = ['Type: PJSIP', 'DNID: ', `BridgeID: ${bridge}`, `Application: ${application}`, 'Data: '];
      this.#write(
        'Event: Status',
        'Privilege: Call',
        ...lines,
        ...more,
        `Seconds: ${String(seconds)}`,
        `ActionID: ${id}`,
      );
    }
    this.#complete('StatusComplete', id, channels.length);
  }

  #coreShowChannels(headers: Headers): void {
    const channels = this.#account.channels.find();
    this.#answer(headers, 'Success', 'EventList: start', 'Message: Channels will follow');
    const id = headers.get('actionid') ?? '';
    for (const { lines, bridge, application } of channels) {
      const more = [`Application: ${application}`, 'ApplicationData: ', `BridgeId: ${bridge}`];
      this.#write('Event: CoreShowChannel', `ActionID: ${id}`, ...lines, ...more);
    }
    this.#complete('CoreShowChannelsComplete', id, channels.length);
  }

  #getvar(headers: Headers): void {
    const [channel] = this.#account.channels.find(headers.get('channel') ?? '');
    const name = headers.get('variable') ?? '';
    if (!channel) return this.#answer(headers, 'Error', 'Message: No such channel');
    this.#answer(headers, 'Success', `Variable: ${name}`, `Value: ${channel.variables.get(name) ?? ''}`);
  }

  #complete(event: string, id: string, items: number): void {
    this.#write(`Event: ${event}`, `ActionID: ${id}`, 'EventList: Complete', `ListItems: ${String(items)}`);
  }

  #mask(mask: string | undefined): void {
    if (mask === undefined || mask === 'on' || mask === 'all') this.#classes = null;
    else this.#classes = new Set(mask === 'off' ? [] : mask.split(',').map((one) => one.trim()));
  }

  #answer(headers: Headers, word: string, ...lines: string[]): void {
    const id = headers.get('actionid');
    this.#write(`Response: ${word}`, ...(id === undefined ? [] : [`ActionID: ${id}`]), ...lines);
  }

  #write(...lines: string[]): void {
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  }
}
