/**
 * One call of an agent, either way.
 *
 *   calling ──180──► ringing ──200/ACK──► talking ──BYE──► over
 *      └───────────────┴── refused, CANCELled ───────────────┘
 *
 * What the other side does is answered by itself: BYE, CANCEL, OPTIONS, INFO, UPDATE, a re-INVITE, a NOTIFY of how a
 * transfer goes. As a phone does, the agent hangs up when it is told that its transfer went well.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { contact, learn, newBranch, requestIn, type Dialog } from './dialog.js';
import type { Endpoint } from './endpoint.js';
import type { Media } from './media.js';
import {
  answerTo,
  cseqOf,
  header,
  methodOf,
  sdp,
  statusOf,
  tagOfHeader,
  type Headers,
  type SipText,
} from './message.js';
import { Progress, type CallState } from './progress.js';

export interface CallIdentity {
  readonly direction: 'in' | 'out';
  /** What was dialled, and who called. */
  readonly number: string;
  readonly from: string;
  /** `T0001`, where the display name carries one. */
  readonly tag: string | null;
}

const PATIENCE_MS = 30_000;
/** For the 487 that follows a CANCEL. */
const CROSSING_MS = 2_000;
/** Between two digits: a person's, and less than the PBX waits for the next. */
const DIGIT_MS = 150;

export class AgentCall {
  readonly #endpoint: Endpoint;
  readonly #port: number;
  readonly #media: Media;
  readonly #dialog: Dialog;
  readonly #name: string;
  readonly #progress: Progress;
  readonly #timers = new Set<NodeJS.Timeout>();
  #finalStatus: number | null = null;
  /** The INVITE that opened it, and its branch when it is ours. */
  #invite: SipText | null = null;
  #branch = '';
  #progressed = false;
  /** The other side's, as its last answer to our INVITE gave it: before the call stands it may change. */
  #theirTag = '';
  /** Of our SDP; grows with each offer. */
  #version = 1;
  #transferStatus: number | null = null;

  constructor(
    readonly who: CallIdentity,
    options: { readonly endpoint: Endpoint; readonly port: number; readonly media: Media; readonly dialog: Dialog },
  ) {
    this.#endpoint = options.endpoint;
    this.#port = options.port;
    this.#media = options.media;
    this.#dialog = options.dialog;
    this.#name = `the call ${who.direction === 'out' ? 'to' : 'for'} ${who.number} from ${who.from}`;
    this.#progress = new Progress(this.#name);
  }

  get state(): CallState {
    return this.#progress.state;
  }

  get callId(): string {
    return this.#dialog.callId;
  }

  /** Of the INVITE: 200, 486, 487 … */
  get finalStatus(): number | null {
    return this.#finalStatus;
  }

  /** What the PBX last said of a transfer made here: 100, 200, 503 …; null: nothing. */
  get transferStatus(): number | null {
    return this.#transferStatus;
  }

  /** Resolves when the call has come so far; rejects when it ended before. */
  async reached(state: CallState, patienceMs = PATIENCE_MS): Promise<this> {
    await this.#progress.reached(state, patienceMs).catch((error: unknown) => {
      throw new Error(`${String(error)} (${this.#finalStatus ?? 'no'} final answer)`);
    });
    return this;
  }

  /** Does something later, unless the call is over by then. */
  later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }

  /** A call from here: sends the INVITE. */
  invite(more: Headers): void {
    this.#branch = newBranch();
    const invite = this.#request('INVITE', { branch: this.#branch, more: [...more, SDP], body: this.#sdp() });
    this.#invite = invite;
    void this.#endpoint
      .request(invite, (answer) => {
        this.#progressed = true;
        this.#theirTag = tagOfHeader(header(answer, 'To'));
        if (statusOf(answer) === 180 || statusOf(answer) === 183) this.#progress.become('ringing');
        this.#progress.changed();
      })
      .then(
        (answer) => this.#inviteAnswered(answer),
        () => this.cut(),
      );
  }

  /** A call to here came in. */
  invited(invite: SipText): void {
    this.#invite = invite;
  }

  /** So that the other side need not say it again. */
  trying(): void {
    this.#reply(100);
  }

  ring(): void {
    this.#reply(180);
    this.#progress.become('ringing');
  }

  /** Sound before an answer, as carriers send instead of ringing. */
  playEarly(): void {
    this.#reply(183);
    this.#progress.become('ringing');
  }

  /** Sends the caller on to another number before anybody answers. */
  forward(number: string): void {
    this.#finalStatus = 302;
    this.#reply(302, [['Contact', `<sip:${number}@127.0.0.1>`]]);
    this.cut();
  }

  answer(): void {
    this.#finalStatus = 200;
    this.#reply(200);
  }

  refuse(status: number): void {
    this.#finalStatus = status;
    this.#reply(status);
    this.cut();
  }

  /** BYE, CANCEL or a refusal, whichever is due. */
  async hangUp(): Promise<void> {
    if (this.state === 'over') return;
    if (this.who.direction === 'in' && this.#finalStatus === null) return this.refuse(603);
    // Nothing may be cancelled before the other side said a word, nor ended before it was confirmed.
    await this.#progress.until(() => this.#progressed || this.#isSettled(), PATIENCE_MS);
    if (this.#finalStatus === 200) return this.#bye();
    if (this.#isSettled() || !this.#invite) return;
    const cseq = cseqOf(this.#invite).number;
    await this.#endpoint.request(this.#request('CANCEL', { branch: this.#branch, cseq }));
    // Whoever answers at that very moment is hung up on.
    await this.#progress.until(() => this.#isSettled(), CROSSING_MS);
    if (this.finalStatus === 200) await this.#bye();
  }

  hold(): Promise<void> {
    return this.#reinvite('sendonly');
  }

  unhold(): Promise<void> {
    return this.#reinvite('sendrecv');
  }

  /** By INFO, digit after digit. */
  async dtmf(digits: string): Promise<void> {
    for (const digit of digits) {
      if (this.state !== 'talking') throw new Error(`${this.#name} is ${this.state}: no digits can be sent`);
      await this.#ask('INFO', [['Content-Type', 'application/dtmf-relay']], `Signal=${digit}\r\nDuration=160\r\n`);
      await sleep(DIGIT_MS);
    }
  }

  /** Sends the other side off to a number. */
  async refer(number: string): Promise<void> {
    await this.#refer(`<sip:${number}@127.0.0.1>`);
  }

  /** Joins the other side of this call with that of a second one made here, which may ring still. */
  async referInto(second: AgentCall): Promise<void> {
    const { callId, localTag } = second.#dialog;
    // The PBX knows the second call by its own tag first (RFC 3891 3).
    const replaces = encodeURIComponent(`${callId};to-tag=${second.#theirTag};from-tag=${localTag}`);
    await this.#refer(`<sip:${second.who.number}@127.0.0.1?Replaces=${replaces}>`);
  }

  async #refer(to: string): Promise<void> {
    await this.#ask('REFER', [
      ['Refer-To', to],
      ['Referred-By', this.#dialog.local.replace(/;tag=.*$/, '')],
    ]);
  }

  /** Whatever the other side says within this call. */
  heard(request: SipText): void {
    switch (methodOf(request)) {
      case 'ACK':
        if (this.#finalStatus === 200 && this.state === 'ringing') this.#talk(this.#invite?.body ?? '');
        return;
      case 'BYE':
        this.#endpoint.reply(request, answerTo(request, 200, {}));
        return this.cut();
      case 'CANCEL':
        this.#endpoint.reply(request, answerTo(request, 200, { toTag: this.#dialog.localTag }));
        if (this.#finalStatus === null) this.refuse(487);
        return;
      case 'INVITE':
      case 'UPDATE':
        learn(this.#dialog, request, 'From');
        return this.#endpoint.reply(request, answerTo(request, 200, this.#accepting()));
      case 'NOTIFY':
        this.#endpoint.reply(request, answerTo(request, 200, {}));
        return this.#transferWent(Number(/^SIP\/2\.0 (\d{3})/.exec(request.body)?.[1] ?? 0));
      case 'INFO':
      case 'OPTIONS':
      case 'MESSAGE':
        return this.#endpoint.reply(request, answerTo(request, 200, {}));
      default:
        return this.#endpoint.reply(request, answerTo(request, 501, {}));
    }
  }

  /** Ends it here without a word, as a power cut would. */
  cut(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#progress.become('over');
  }

  #inviteAnswered(answer: SipText): void {
    this.#finalStatus = statusOf(answer);
    learn(this.#dialog, answer, 'To');
    this.#theirTag = tagOfHeader(header(answer, 'To'));
    this.#ack(answer, this.#branch);
    if (this.#finalStatus !== 200) return this.cut();
    this.#talk(answer.body);
  }

  #talk(theirSdp: string): void {
    this.#progress.become('talking');
    this.#media.greet(theirSdp);
  }

  /** Of a refusal it belongs to the same transaction, of a 200 it is a request of its own. */
  #ack(answer: SipText, inviteBranch: string): void {
    const ok = statusOf(answer) === 200;
    const ack = this.#request('ACK', { ...(ok ? {} : { branch: inviteBranch }), cseq: cseqOf(answer).number });
    this.#endpoint.ack(ack, inviteBranch);
  }

  #transferWent(status: number): void {
    if (status === 0) return;
    this.#transferStatus = status;
    if (status >= 200 && status < 300) void this.hangUp().catch(() => undefined);
  }

  async #reinvite(direction: 'sendonly' | 'sendrecv'): Promise<void> {
    const branch = newBranch();
    this.#version += 1;
    const answer = await this.#endpoint.request(
      this.#request('INVITE', { branch, more: [SDP], body: sdp(this.#version, this.#media.port, direction) }),
    );
    this.#ack(answer, branch);
    if (statusOf(answer) !== 200) throw new Error(`${this.#name}: ${answer.startLine} to a re-INVITE`);
  }

  async #bye(): Promise<void> {
    const done = this.#endpoint.request(this.#request('BYE'));
    this.cut();
    await done;
  }

  async #ask(method: string, more: Headers, body = ''): Promise<void> {
    const answer = await this.#endpoint.request(this.#request(method, { more, body }));
    if (statusOf(answer) >= 300) throw new Error(`${this.#name}: ${answer.startLine} to ${method}`);
  }

  #request(method: string, options: { branch?: string; more?: Headers; body?: string; cseq?: number } = {}): SipText {
    return requestIn(this.#dialog, method, { port: this.#port, ...options });
  }

  #reply(status: number, more = this.#contact()): void {
    if (!this.#invite) throw new Error('no INVITE came in');
    const sound = status === 183 || status === 200;
    const options = sound ? this.#accepting() : { toTag: this.#dialog.localTag, more };
    this.#endpoint.reply(this.#invite, answerTo(this.#invite, status, options));
  }

  #accepting() {
    return { toTag: this.#dialog.localTag, more: [...this.#contact(), SDP], body: this.#sdp() };
  }

  #contact(): Headers {
    return [['Contact', contact(this.#dialog.local, this.#port)]];
  }

  #sdp(): string {
    return sdp(this.#version, this.#media.port, 'sendrecv');
  }

  #isSettled(): boolean {
    return this.#finalStatus !== null || this.state === 'over';
  }
}

const SDP: Headers[number] = ['Content-Type', 'application/sdp'];
