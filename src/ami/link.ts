/**
 * The link to one PBX: its session, what its events mean, and catching up after a loss.
 *
 * States, seen from the facts it gives out: `away` (no session), `catching-up` (the session is up; the PBX is asked for
 * every live channel, facts of events wait) and `live`. `away → catching-up` when the session is up; `→ live` with
 * `link.up`, `snapshot` and then the facts that waited; `live → away` with `link.lost`; `catching-up → away` without a
 * word, for `link.up` was not said yet.
 *
 * Invariants: facts come in the order PBX events came; between `link.lost` and the next `snapshot` there are none. No event
 * after the log-in is lost by catching up. A PBX whose AMI user may not list channels gives no `snapshot`, so that nobody
 * takes silence for an empty PBX. A hang-up is refuted only by the answer to a question put after it was told: an answer
 * and an event that come in one packet are given out the other way round.
 */
import type { Fact, LiveChannel } from '../calls/facts.js';
import type { Clock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import type { Logger } from '../platform/log.js';
import { Heard } from './heard.js';
import type { HeardEvents } from './heard.js';
import type { AmiMessage } from './message.js';
import { readRights } from './rights.js';
import type { AmiRights } from './rights.js';
import { readChannel, readLiveChannels, readStartup } from './resync.js';
import type { ActionHeaders } from './sanitise.js';
import { AmiSession } from './session.js';
import type { SessionSettings, SessionState, SessionStats } from './session.js';
import { planLink } from './target.js';
import type { LinkPlan, PbxTarget } from './target.js';
import { stampOf, translate } from './translate.js';

export interface PbxLinkState extends Omit<SessionStats, 'state'> {
  key: string;
  /** `refused`: the settings ask for what the transport cannot do; see `lastError`. */
  state: SessionState | 'refused';
  transport: string | null;
  phase: 'away' | 'catching-up' | 'live';
  /** False when the AMI user may not list channels (`write=call` is missing). */
  canResync: boolean;
  /** When Asterisk was started, in its own words; null when not told. */
  startup: string | null;
  facts: number;
  /** Events of calls since the log-in. */
  heard: HeardEvents;
}

export interface PbxLink {
  readonly key: string;
  state(): PbxLinkState;
  /** See `AmiSession.action`. */
  action(name: string, headers?: ActionHeaders, options?: { deadlineMs?: number }): Promise<AmiMessage>;
  /** See `AmiSession.list`. */
  list(name: string, headers?: ActionHeaders, options?: { deadlineMs?: number }): Promise<AmiMessage[]>;
  /** See `AmiSession.batch`. */
  batch: AmiSession['batch'];
  /**
   * Asks the PBX for these channels; `channel.confirmed-gone` follows for each that is not there, `channel.seen` for each
   * that is. Nothing follows while the link is not live: the next snapshot tells. Never rejects.
   */
  confirmGone(uids: readonly string[]): Promise<void>;
  /** What the AMI user may; null when the PBX does not tell. Errors as of `AmiSession.action`. */
  rights(): Promise<AmiRights | null>;
  /** Gives the connection up and makes a new one. */
  reconnect(why: string): void;
  start(): void;
  /** Says `link.lost` if it was live. Resolves when the socket is closed. */
  stop(): Promise<void>;
  /** When the PBX last said anything, Unix ms; null while the link is not live. Every event before it has been given out. */
  heardAt(): number | null;
  /** Our clock was set by so much. */
  clockStepped(byMs: number): void;
  /** What a link that takes over from this one has to know. */
  memory(): LinkMemory;
}

/** What a dialplan said by `UserEvent`, about the channel it ran on. */
export interface DialplanEvent {
  name: string;
  uid: string;
  get(header: string): string | undefined;
  /** Unix ms: the PBX's stamp, or null. */
  at: number | null;
  /** Unix ms by our clock. */
  arrivedAt: number;
}

export interface LinkMemory {
  lostAt: number | null;
  startup: string | null;
}

export interface PbxLinkDeps {
  target: PbxTarget;
  clock: Clock;
  log: Logger;
  onFact(fact: Fact): void;
  /** A `UserEvent` of the dialplan: for whoever agreed with the dialplan on what it says. Told before its fact. */
  onUserEvent?(event: DialplanEvent): void;
  memory?: LinkMemory;
  settings?: Partial<SessionSettings>;
  random?: () => number;
}

const UNIQUE_ID = /^[\w.-]{1,150}$/;
const MAX_WAITING_FACTS = 100_000;
const ASKED_AT_ONCE = 20;
/** A channel hangs up once; whoever tells it more often than this writes it himself. */
const MAX_OVERTAKEN = 5;

/** A channel that the PBX is asked for. */
interface Question {
  uid: string;
  /** Its hang-up was told since. */
  overtaken: boolean;
}

export function createPbxLink(deps: PbxLinkDeps): PbxLink {
  const log = deps.log.child({ pbx: deps.target.key });
  try {
    return new SessionLink({ ...deps, log }, planLink(deps.target));
  } catch (error) {
    if (!(error instanceof TrunklineError)) throw error;
    return new RefusedLink({ ...deps, log }, error);
  }
}

class SessionLink implements PbxLink {
  readonly key: string;
  readonly #deps: PbxLinkDeps;
  readonly #session: AmiSession;
  readonly #transport: string;
  #phase: PbxLinkState['phase'] = 'away';
  /** Facts of events that came while catching up. */
  #waiting: Fact[] = [];
  /** Counts sessions, so that an answer to an earlier one is not taken for this one's. */
  #epoch = 0;
  #memory: LinkMemory;
  #canResync = true;
  #facts = 0;
  readonly #heard = new Heard();
  readonly #questions = new Set<Question>();

  constructor(deps: PbxLinkDeps, plan: LinkPlan) {
    this.key = deps.target.key;
    this.#deps = deps;
    this.#memory = deps.memory ?? { lostAt: null, startup: null };
    this.#transport = plan.transport.name;
    this.#session = new AmiSession({
      target: deps.target,
      plan,
      clock: deps.clock,
      log: deps.log,
      ...(deps.settings ? { settings: deps.settings } : {}),
      ...(deps.random ? { random: deps.random } : {}),
      listener: {
        onUp: () => void this.#catchUp(),
        onEvent: (message, arrivedAt) => this.#event(message, arrivedAt),
        onCut: (event, channel) => this.#cut(event, channel),
        onLost: (_why, lostAt) => this.#lost(lostAt),
      },
    });
  }

  state(): PbxLinkState {
    return {
      ...this.#session.stats(),
      key: this.key,
      transport: this.#transport,
      phase: this.#phase,
      canResync: this.#canResync,
      startup: this.#memory.startup,
      facts: this.#facts,
      heard: this.#heard.counts(),
    };
  }

  memory(): LinkMemory {
    return { ...this.#memory };
  }

  clockStepped(byMs: number): void {
    this.#memory = moved(this.#memory, byMs);
    this.#session.clockStepped(byMs);
  }

  heardAt(): number | null {
    return this.#phase === 'live' ? this.#session.heardAt() : null;
  }

  reconnect(why: string): void {
    this.#session.reconnect(why);
  }

  start(): void {
    this.#session.start();
  }

  async stop(): Promise<void> {
    await this.#session.stop();
  }

  action(name: string, headers?: ActionHeaders, options?: { deadlineMs?: number }): Promise<AmiMessage> {
    return this.#session.action(name, headers, options);
  }

  list(name: string, headers?: ActionHeaders, options?: { deadlineMs?: number }): Promise<AmiMessage[]> {
    return this.#session.list(name, headers, options);
  }

  batch(...args: Parameters<AmiSession['batch']>): ReturnType<AmiSession['batch']> {
    return this.#session.batch(...args);
  }

  rights(): Promise<AmiRights | null> {
    return readRights((name, headers) => this.#session.action(name, headers), this.#deps.target.username);
  }

  async confirmGone(uids: readonly string[]): Promise<void> {
    const wanted = [...new Set(uids)].filter((uid) => UNIQUE_ID.test(uid));
    for (let at = 0; at < wanted.length; at += ASKED_AT_ONCE) {
      await Promise.all(wanted.slice(at, at + ASKED_AT_ONCE).map((uid) => this.#confirmOne(uid)));
    }
  }

  async #confirmOne(uid: string): Promise<void> {
    const epoch = this.#epoch;
    try {
      for (let asked = 1; this.#phase === 'live'; asked += 1) {
        const { channel, overtaken } = await this.#ask(uid);
        if (epoch !== this.#epoch || channel === 'unknown') return;
        if (channel === 'gone') return this.#give({ ...this.#now(), kind: 'channel.confirmed-gone', uid });
        if (!overtaken || asked > MAX_OVERTAKEN)
          return this.#give({ ...this.#now(), kind: 'channel.seen', channel, asked: true });
      }
    } catch (error) {
      this.#deps.log.debug({ uid, err: error }, 'ami channel not confirmed');
    }
  }

  async #ask(uid: string): Promise<{ channel: LiveChannel | 'gone' | 'unknown'; overtaken: boolean }> {
    const question: Question = { uid, overtaken: false };
    this.#questions.add(question);
    try {
      return { channel: await readChannel(this.#session, uid), overtaken: question.overtaken };
    } finally {
      this.#questions.delete(question);
    }
  }

  async #catchUp(): Promise<void> {
    const epoch = ++this.#epoch;
    this.#heard.forget();
    this.#phase = 'catching-up';
    this.#waiting = [];
    try {
      const channels = await readLiveChannels(this.#session);
      const startup = await readStartup(this.#session);
      if (epoch === this.#epoch) this.#goLive(channels, startup);
    } catch (error) {
      const isLost = error instanceof TrunklineError && error.code === 'AMI_LOST';
      if (epoch !== this.#epoch || isLost) return;
      this.#deps.log.warn({ err: error }, 'ami resync failed');
      this.#session.reconnect('resync failed');
    }
  }

  #goLive(channels: LiveChannel[] | null, startup: string | null): void {
    const { lostAt, startup: before } = this.#memory;
    const restarted = before !== null && startup !== null && before !== startup;
    this.#memory = { lostAt: null, startup: startup ?? before };
    this.#canResync = channels !== null;
    this.#phase = 'live';
    this.#give({ ...this.#now(), kind: 'link.up', lostAt, restarted, skewMs: this.#session.stats().skewMs });
    if (channels) this.#give({ ...this.#now(), kind: 'snapshot', channels });
    else this.#deps.log.warn('ami user may not list channels (write=call): no resync');
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const fact of waiting) this.#give(fact);
    this.#deps.log.info({ lostAt, restarted, channels: channels?.length ?? null, waited: waiting.length }, 'ami live');
  }

  #lost(lostAt: number): void {
    const wasLive = this.#phase === 'live';
    this.#epoch += 1;
    this.#phase = 'away';
    this.#waiting = [];
    if (!wasLive) return;
    this.#memory.lostAt = lostAt;
    this.#give({ ...this.#now(), at: lostAt, kind: 'link.lost' });
  }

  #event(message: AmiMessage, arrivedAt: number): void {
    this.#heard.saw(message);
    if (message.name === 'UserEvent') this.#userEvent(message, arrivedAt);
    const fact = translate(message, arrivedAt);
    if (!fact) return;
    if (fact.kind === 'channel.gone') this.#overtake(fact.channel.uid);
    if (this.#phase === 'live') {
      this.#give(fact);
    } else if (this.#waiting.length < MAX_WAITING_FACTS) {
      this.#waiting.push(fact);
    } else {
      this.#session.reconnect('too many events before the channel list');
    }
  }

  #overtake(uid: string): void {
    for (const question of this.#questions) if (question.uid === uid) question.overtaken = true;
  }

  #userEvent(message: AmiMessage, arrivedAt: number): void {
    try {
      this.#deps.onUserEvent?.({
        name: message.get('UserEvent') ?? '',
        uid: message.get('Uniqueid') ?? '',
        get: (header) => message.get(header),
        at: stampOf(message),
        arrivedAt,
      });
    } catch (error) {
      this.#deps.log.error({ err: error }, 'a user event was not taken');
    }
  }

  /** A hang-up that was lost would leave its call up for long. It is not believed either: the PBX will be asked. */
  #cut(event: string, name: string): void {
    if (this.#phase === 'live' && event === 'hangup') this.#give({ ...this.#now(), kind: 'channel.cut', name });
  }

  #give(fact: Fact): void {
    this.#facts += 1;
    try {
      this.#deps.onFact(fact);
    } catch (error) {
      this.#deps.log.error({ err: error, fact: fact.kind }, 'ami fact was not taken');
    }
  }

  #now(): { source: 'ami'; at: number; arrivedAt: number; stamped: false } {
    const now = this.#deps.clock.now();
    return { source: 'ami', at: now, arrivedAt: now, stamped: false };
  }
}

/** The same by our clock after that was set by so much. */
export function moved(memory: LinkMemory, byMs: number): LinkMemory {
  return memory.lostAt === null ? memory : { ...memory, lostAt: memory.lostAt + byMs };
}

/** The settings of this PBX cannot be followed: nothing is tried, and everything asked says why. */
class RefusedLink implements PbxLink {
  readonly key: string;
  readonly #deps: PbxLinkDeps;
  readonly #why: TrunklineError;
  readonly #since: number;
  #memory: LinkMemory;

  constructor(deps: PbxLinkDeps, why: TrunklineError) {
    this.key = deps.target.key;
    this.#deps = deps;
    this.#why = why;
    this.#memory = deps.memory ?? { lostAt: null, startup: null };
    this.#since = deps.clock.now();
  }

  state(): PbxLinkState {
    return {
      key: this.key,
      state: 'refused',
      since: this.#since,
      lastError: { code: this.#why.code, message: this.#why.message },
      skewMs: null,
      pingMs: null,
      greeting: null,
      connects: 0,
      events: 0,
      drops: {},
      suspectSince: null,
      transport: null,
      phase: 'away',
      canResync: false,
      startup: null,
      facts: 0,
      heard: new Heard().counts(),
    };
  }

  memory(): LinkMemory {
    return this.#memory;
  }

  clockStepped(byMs: number): void {
    this.#memory = moved(this.#memory, byMs);
  }

  /** The same settings would be refused again. */
  reconnect(): void {}

  start(): void {
    this.#deps.log.error({ code: this.#why.code, why: this.#why.message }, 'ami settings refused');
  }

  heardAt(): null {
    return null;
  }

  async stop(): Promise<void> {}

  async confirmGone(): Promise<void> {}

  action(): Promise<never> {
    return Promise.reject(this.#why);
  }

  rights(): Promise<never> {
    return Promise.reject(this.#why);
  }

  list(): Promise<never> {
    return Promise.reject(this.#why);
  }

  batch(): Promise<never> {
    return Promise.reject(this.#why);
  }
}
