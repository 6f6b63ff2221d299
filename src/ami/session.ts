/**
 * One AMI session with one PBX, kept up for as long as it is wanted.
 *
 * States:
 * - `connecting`: a TCP (and TLS) connection is being made, `connectMs` at most.
 * - `logging-in`: connected; log-in and event mask under way, `loginMs` at most.
 * - `up`: actions are sent, events come out. A ping goes every `pingEveryMs`; one without an answer in `pingMs` ends the
 *   connection, so a peer that died without a word is noticed within 20 s.
 * - `lost`: no connection; the next try comes after a back-off of 50 ms to a minute, with jitter.
 * - `auth-failed`: the PBX refused the log-in; tried again slowly (20 s to 5 min), for somebody may set it right there.
 * - `stopped`: not started, or stopped for good.
 *
 * `stopped → connecting → logging-in → up → lost → connecting …`; any of the first three goes to `lost` when its
 * connection ends, `logging-in` to `auth-failed`; every state goes to `stopped` on `stop()`.
 *
 * Invariants: each connection begins with nothing kept of the one before. An action is refused at once unless the state is
 * `up`, and never sent later; when the connection ends, everything pending is rejected with `AMI_LOST` before `onLost`.
 * Events are given out only between `onUp` and `onLost`, in the order they came. No message of the PBX throws.
 */
import type { Clock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import type { Logger } from '../platform/log.js';
import { backoffMs, DEFAULT_BACKOFF } from './backoff.js';
import type { BackoffSettings } from './backoff.js';
import { CutWatch } from './cut-watch.js';
import type { HeldEvent, Refused } from './cut-watch.js';
import { EventMask } from './event-mask.js';
import type { DropReason, Unread } from './frame.js';
import { DEFAULT_LINE_LIMIT } from './frame.js';
import { distrust } from './headers.js';
import { logIn } from './login.js';
import type { AmiMessage } from './message.js';
import { lowerName, lowerNamesOf } from './message.js';
import { AmiRefusal, newActionId, PendingActions } from './pending.js';
import { actionName, sanitiseHeaders } from './sanitise.js';
import type { ActionHeaders } from './sanitise.js';
import { Skew } from './skew.js';
import type { LinkPlan, PbxTarget } from './target.js';
import type { AmiConnection, OutgoingAction } from './transport.js';
import { requireCapabilities } from './transport.js';

export type SessionState = 'connecting' | 'logging-in' | 'up' | 'lost' | 'auth-failed' | 'stopped';

/** Milliseconds, but for `lineLimit` (bytes). */
export interface SessionSettings {
  connectMs: number;
  loginMs: number;
  pingEveryMs: number;
  pingMs: number;
  actionMs: number;
  listMs: number;
  /** A session that was up this long starts its back-off anew. */
  stableMs: number;
  lineLimit: number;
  backoff: BackoffSettings;
}

export const DEFAULT_SESSION: SessionSettings = {
  connectMs: 10_000,
  loginMs: 15_000,
  pingEveryMs: 10_000,
  pingMs: 10_000,
  actionMs: 5_000,
  listMs: 15_000,
  stableMs: 10_000,
  lineLimit: DEFAULT_LINE_LIMIT,
  backoff: DEFAULT_BACKOFF,
};

export interface SessionListener {
  onUp(): void;
  /** An unasked event that passed the header checks. `arrivedAt`: Unix ms by our clock. */
  onEvent(message: AmiMessage, arrivedAt: number): void;
  /** An event about this channel was cut by what its caller wrote, and is lost. */
  onCut(event: string, channel: string): void;
  /**
   * The session was up and is not any more. `lostAt`, Unix ms: since when events may be missing. Where the PBX closed the
   * connection that is now; where it just fell silent, when it was last heard.
   */
  onLost(why: TrunklineError, lostAt: number): void;
}

export interface SessionDeps {
  target: PbxTarget;
  plan: LinkPlan;
  clock: Clock;
  log: Logger;
  listener: SessionListener;
  settings?: Partial<SessionSettings>;
  /** For jitter; `Math.random` when absent. */
  random?: () => number;
}

export interface SessionStats {
  state: SessionState;
  /** When this state began, Unix ms. */
  since: number;
  lastError: { code: string; message: string } | null;
  /** PBX clock minus ours, ms; null until a ping was answered with a time stamp. */
  skewMs: number | null;
  /** Round trip of the last ping, ms. */
  pingMs: number | null;
  /** `Asterisk Call Manager/9.0.0`, where the transport shows it. */
  greeting: string | null;
  connects: number;
  events: number;
  drops: Readonly<Partial<Record<DropReason, number>>>;
  /** Since when the stream holds forged or cut messages; null while it is clean. */
  suspectSince: number | null;
}

interface Live {
  connection: AmiConnection;
  opened: Promise<undefined>;
  closed: Promise<TrunklineError>;
  pending: PendingActions;
  /** Aborted when the connection has ended. */
  gone: AbortController;
  up: boolean;
  watch: CutWatch;
  /** Events that came before `onUp`. */
  early: HeldEvent[];
  lastHeardAt: number;
  warned: boolean;
}

const MAX_EARLY = 50_000;

export class AmiSession {
  readonly #deps: SessionDeps;
  readonly #settings: SessionSettings;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #random: () => number;
  readonly #drops: Partial<Record<DropReason, number>> = {};
  readonly #mask: EventMask;
  #state: SessionState = 'stopped';
  #since: number;
  #lastError: TrunklineError | null = null;
  readonly #skew: Skew;
  #pingMs: number | null = null;
  #greeting: string | null = null;
  #suspectSince: number | null = null;
  #connects = 0;
  #events = 0;
  #live: Live | null = null;
  #running: { stopping: AbortController; done: Promise<void> } | null = null;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    this.#settings = { ...DEFAULT_SESSION, ...deps.settings };
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#random = deps.random ?? Math.random;
    this.#since = deps.clock.now();
    this.#mask = new EventMask(deps.target.eventMask);
    this.#skew = new Skew(deps.log);
  }

  get state(): SessionState {
    return this.#state;
  }

  stats(): SessionStats {
    const error = this.#lastError;
    return {
      state: this.#state,
      since: this.#since,
      lastError: error && { code: error.code, message: error.message },
      skewMs: this.#skew.ms,
      pingMs: this.#pingMs,
      greeting: this.#greeting,
      connects: this.#connects,
      events: this.#events,
      drops: { ...this.#drops },
      suspectSince: this.#suspectSince,
    };
  }

  /** When the PBX last said anything, Unix ms; every event before it was given out. Null while there is no connection. */
  heardAt(): number | null {
    return this.#live && (this.#live.watch.heldSince ?? this.#live.lastHeardAt);
  }

  /** Our clock was set by so much: what was dated by it is moved. */
  clockStepped(byMs: number): void {
    if (this.#live) this.#live.lastHeardAt += byMs;
    this.#skew.ourClockStepped(byMs);
  }

  start(): void {
    if (this.#running) return;
    const stopping = new AbortController();
    this.#running = { stopping, done: this.#run(stopping.signal) };
  }

  /** Ends the session; what is pending is rejected. Resolves when the socket is closed. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    running.stopping.abort();
    this.#live?.connection.destroy();
    await running.done;
    if (this.#running === running) this.#running = null;
  }

  /** Drops the connection as if it had been lost; it is made anew. */
  reconnect(why: string): void {
    this.#log.warn({ why }, 'ami reconnects');
    this.#live?.connection.destroy();
  }

  /**
   * One action with one answer. Values are sanitised.
   * @throws AmiRefusal (`AMI_REFUSED`), TrunklineError `AMI_LOST`, `AMI_TIMEOUT`, `AMI_PROTOCOL`, `AMI_TRANSPORT_CANNOT`.
   */
  async action(name: string, headers: ActionHeaders = {}, options: { deadlineMs?: number } = {}): Promise<AmiMessage> {
    return this.#act(this.#whenUp(name), name, headers, options.deadlineMs ?? this.#settings.actionMs);
  }

  /** An action answered by a list of events; resolves with them, without the closing one. Errors as of `action`. */
  async list(name: string, headers: ActionHeaders = {}, options: { deadlineMs?: number } = {}): Promise<AmiMessage[]> {
    const live = this.#whenUp(name);
    const outgoing = this.#outgoing(name, headers);
    const answer = live.pending.wait(outgoing.actionId, name, true, options.deadlineMs ?? this.#settings.listMs);
    live.connection.send(outgoing);
    return answer;
  }

  /** Several actions in one write, so that the PBX does them in one go; each has its own outcome. */
  async batch(
    actions: readonly { name: string; headers: ActionHeaders }[],
    options: { deadlineMs?: number } = {},
  ): Promise<PromiseSettledResult<AmiMessage>[]> {
    const live = this.#whenUp(actions[0]?.name ?? 'nothing');
    const outgoing = actions.map(({ name, headers }) => this.#outgoing(name, headers));
    const deadlineMs = options.deadlineMs ?? this.#settings.actionMs;
    const answers = outgoing.map(async ({ actionId, action }) =>
      firstOf(await live.pending.wait(actionId, action, false, deadlineMs)),
    );
    live.connection.send(...outgoing);
    return Promise.allSettled(answers);
  }

  #whenUp(action: string): Live {
    if (this.#live?.up) return this.#live;
    throw new TrunklineError('AMI_LOST', `no session with the PBX is up; ${action} was not sent`);
  }

  #outgoing(name: string, headers: ActionHeaders): OutgoingAction {
    requireCapabilities(this.#deps.plan.transport, { action: name });
    return { action: actionName(name), actionId: newActionId(), headers: sanitiseHeaders(headers) };
  }

  async #act(live: Live, name: string, headers: ActionHeaders, deadlineMs: number): Promise<AmiMessage> {
    const outgoing = this.#outgoing(name, headers);
    const answer = live.pending.wait(outgoing.actionId, name, false, deadlineMs);
    live.connection.send(outgoing);
    return firstOf(await answer);
  }

  async #run(stopping: AbortSignal): Promise<void> {
    let losses = 0;
    let refusals = 0;
    while (!stopping.aborted) {
      const { why, upMs } = await this.#connectOnce(stopping);
      if (stopping.aborted) break;
      const refused = why.code === 'AMI_AUTH_FAILED';
      refusals = refused ? refusals + 1 : 0;
      losses = upMs >= this.#settings.stableMs ? 1 : losses + 1;
      const waitMs = backoffMs(refused ? refusals : losses, refused, this.#settings.backoff, this.#random);
      this.#report(why, refused, waitMs);
      await this.#clock.sleep(waitMs, stopping);
    }
    this.#enter('stopped');
  }

  /** One connection from its first byte to its last; tells why it ended and how long it was up. */
  async #connectOnce(stopping: AbortSignal): Promise<{ why: TrunklineError; upMs: number }> {
    this.#enter('connecting');
    this.#connects += 1;
    let live: Live;
    try {
      live = this.#open();
    } catch (error) {
      return { why: asTrunkline(error), upMs: 0 };
    }
    let ours: TrunklineError | null = null;
    let upAt: number | null = null;
    try {
      await this.#within(this.#settings.connectMs, live, live.opened);
      this.#enter('logging-in');
      const act = (name: string, headers: ActionHeaders) => this.#act(live, name, headers, this.#settings.loginMs);
      await logIn(act, {
        ...this.#deps.target,
        md5: this.#deps.plan.md5,
        eventMask: this.#mask.current(),
      });
      if (!live.gone.signal.aborted && !stopping.aborted) {
        upAt = this.#clock.monotonic();
        this.#goUp(live);
        await this.#keepAlive(live);
      }
    } catch (error) {
      ours = asTrunkline(error);
    }
    live.connection.destroy();
    const why = verdictOf(ours, await live.closed);
    live.watch.settle();
    this.#live = null;
    if (upAt === null) return { why, upMs: 0 };
    const lostAt = why.cause === undefined ? this.#clock.now() : live.lastHeardAt;
    this.#tell(() => this.#deps.listener.onLost(why, lostAt));
    return { why, upMs: this.#clock.monotonic() - upAt };
  }

  #open(): Live {
    const { target, plan } = this.#deps;
    const { transport, tls, encoding } = plan;
    const opened = deferred<undefined>();
    const closed = deferred<TrunklineError>();
    const gone = new AbortController();
    const pending = new PendingActions(this.#clock, gone.signal);
    const connection = transport.connect(
      { host: target.host, port: target.port, tls, encoding, lineLimit: this.#settings.lineLimit },
      {
        onOpen: () => opened.resolve(undefined),
        onMessage: (message) => this.#read(live, message),
        onDrop: (reason, unread) => this.#unread(live, reason, unread),
        onClose: (why) => {
          live.up = false;
          gone.abort();
          pending.rejectAll(new TrunklineError('AMI_LOST', why.message, { cause: why }));
          closed.resolve(why);
        },
      },
    );
    const live: Live = {
      connection,
      opened: opened.promise,
      closed: closed.promise,
      pending,
      gone,
      up: false,
      watch: new CutWatch({
        onEvent: (event) => this.#event(live, event),
        onForged: () => this.#drop('forged'),
        onHead: (head) => this.#cut(live, head),
      }),
      early: [],
      lastHeardAt: this.#clock.now(),
      warned: false,
    };
    this.#live = live;
    return live;
  }

  /** Waits for `opened`, the end of the connection or the deadline. */
  async #within(ms: number, live: Live, opened: Promise<unknown>): Promise<void> {
    const settled = new AbortController();
    live.gone.signal.addEventListener('abort', () => settled.abort(), { once: true });
    let isOpen = false;
    const opening = opened.then(() => {
      isOpen = true;
      settled.abort();
    });
    await Promise.race([opening, this.#clock.sleep(ms, settled.signal)]);
    if (isOpen) return;
    throw new TrunklineError(live.gone.signal.aborted ? 'AMI_LOST' : 'AMI_TIMEOUT', 'the PBX cannot be reached');
  }

  #goUp(live: Live): void {
    this.#lastError = null;
    live.up = true;
    this.#enter('up');
    this.#tell(() => this.#deps.listener.onUp());
    for (const { message, arrivedAt } of live.early) this.#give(message, arrivedAt);
    live.early = [];
  }

  /** Pings until the connection ends. @throws TrunklineError when a ping is not answered. */
  async #keepAlive(live: Live): Promise<void> {
    const { pingEveryMs } = this.#settings;
    while (!live.gone.signal.aborted) {
      await this.#ping(live);
      // A little chance keeps the pings of many sessions apart.
      await this.#clock.sleep(pingEveryMs * (0.9 + this.#random() / 10), live.gone.signal);
    }
  }

  async #ping(live: Live): Promise<void> {
    const sentAt = this.#clock.monotonic();
    try {
      const answer = await this.#act(live, 'Ping', {}, this.#settings.pingMs);
      const roundTrip = this.#clock.monotonic() - sentAt;
      const stamp = Number(answer.get('Timestamp') ?? NaN) * 1000;
      this.#pingMs = roundTrip;
      if (Number.isFinite(stamp)) this.#skew.learn(stamp, this.#clock.now(), roundTrip);
    } catch (error) {
      // A PBX that says no is alive.
      if (!(error instanceof AmiRefusal)) throw error;
    }
  }

  #read(live: Live, message: AmiMessage): void {
    live.lastHeardAt = this.#clock.now();
    if (message.type === 'greeting') {
      this.#greeting = message.name.slice(0, 100);
      return;
    }
    if (live.pending.size > 0 && live.pending.take(message)) return live.watch.settle();
    if (message.type === 'response' || isStrayListEvent(message)) return this.#drop('unasked');
    const verdict = distrust(message);
    if (!verdict) return live.watch.passed({ message, arrivedAt: live.lastHeardAt });
    this.#drop(verdict.reason);
    if (verdict.suspect) this.#suspect(live, verdict.reason);
    const event = message.name.toLowerCase();
    live.watch.refused({ event, names: lowerNamesOf(message), channel: message.get('Channel') ?? null });
  }

  #unread(live: Live, reason: DropReason, unread?: Unread): void {
    this.#drop(reason);
    if (reason === 'not-a-message') live.watch.rest();
    else if (unread) live.watch.refused(refusedOf(unread));
  }

  #event(live: Live, event: HeldEvent): void {
    if (live.up && live.early.length === 0) this.#give(event.message, event.arrivedAt);
    else if (live.early.length < MAX_EARLY) live.early.push(event);
    else live.connection.destroy();
  }

  #cut(live: Live, { event, channel }: Refused): void {
    if (live.up && channel !== null) this.#tell(() => this.#deps.listener.onCut(event, channel));
  }

  #give(message: AmiMessage, arrivedAt: number): void {
    this.#events += 1;
    if (this.#mask.saw(message)) this.#askForLess();
    this.#tell(() => this.#deps.listener.onEvent(message, arrivedAt));
  }

  #askForLess(): void {
    const EventMask = this.#mask.current();
    this.#log.info({ mask: EventMask }, 'ami asks for fewer events: the dialplan says nothing here');
    // Should it be refused, events nobody reads go on coming.
    this.action('Events', { EventMask }).catch(() => undefined);
  }

  #drop(reason: DropReason): void {
    this.#drops[reason] = (this.#drops[reason] ?? 0) + 1;
    const live = this.#live;
    if (live && (reason === 'not-a-message' || reason === 'malformed' || reason === 'forged'))
      this.#suspect(live, reason);
  }

  #suspect(live: Live, reason: DropReason): void {
    this.#suspectSince ??= this.#clock.now();
    if (live.warned) return;
    live.warned = true;
    this.#log.warn({ reason }, 'ami stream holds forged or cut messages');
  }

  /** A listener that throws is a bug of ours; it must not take the socket's handler with it. */
  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#log.error({ err: error }, 'ami listener failed');
    }
  }

  #enter(state: SessionState): void {
    this.#state = state;
    this.#since = this.#clock.now();
    if (state === 'up') this.#log.info({ transport: this.#deps.plan.transport.name }, 'ami up');
  }

  #report(why: TrunklineError, refused: boolean, waitMs: number): void {
    const isNews = this.#lastError?.message !== why.message;
    this.#lastError = why;
    this.#enter(refused ? 'auth-failed' : 'lost');
    const line = { code: why.code, why: why.message, retryInMs: Math.round(waitMs) };
    if (isNews) this.#log.warn(line, refused ? 'ami log-in refused' : 'ami lost');
    else this.#log.debug(line, 'ami still away');
  }
}

function refusedOf({ names, values }: Unread): Refused {
  const lower = names.map(lowerName);
  const channel = lower.indexOf('channel');
  return {
    event: lower[0] === 'event' ? (values[0] ?? '').toLowerCase() : '',
    names: lower,
    channel: channel < 0 ? null : (values[channel] ?? null),
  };
}

/** An event of a list nobody waits for any more: it names an action, and an unasked event would show its class. */
function isStrayListEvent(message: AmiMessage): boolean {
  return message.get('ActionID') !== undefined && message.get('Privilege') === undefined;
}

function firstOf(messages: AmiMessage[]): AmiMessage {
  const [first] = messages;
  if (!first) throw new TrunklineError('AMI_PROTOCOL', 'the PBX answered with nothing');
  return first;
}

/** Why a connection ended: a refused log-in or our own time-out says more than the close it led to. */
function verdictOf(ours: TrunklineError | null, theirs: TrunklineError): TrunklineError {
  if (ours === null || ours.code === 'AMI_LOST') return theirs;
  if (ours.code !== 'AMI_TIMEOUT') return ours;
  return new TrunklineError('AMI_LOST', `the PBX fell silent: ${ours.message}`, { cause: ours });
}

interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function asTrunkline(error: unknown): TrunklineError {
  if (error instanceof TrunklineError) return error;
  return new TrunklineError('AMI_PROTOCOL', 'the session with the PBX failed', { cause: error });
}
