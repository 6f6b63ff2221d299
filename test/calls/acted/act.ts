/** Acts a script on the acted PBX, as Asterisk would, and writes down what each call was while it happens. */
import type { CallResult, Direction, Talk, Transfer } from '../../../src/calls/vocabulary.js';
import type { Channel, Reached } from './pbx.js';
import type { ActedPbx } from './pbx.js';
import type { CallScript, Move, Phone, Stage } from './script.js';

/** What a call was, by construction. */
export interface Truth {
  uid: string;
  direction: Direction;
  external: string | null;
  line: string | null;
  caller: string | null;
  rang: string[];
  answeredBy: string | null;
  agents: string[];
  finalAgent: string | null;
  talks: Talk[];
  transfers: Omit<Transfer, 'at'>[];
  result: CallResult;
  startedAt: number;
  ringingAt: number | null;
  answeredAt: number | null;
  endedAt: number;
  talkMs: number;
  talkEndedAt: number | null;
  hold: boolean;
  queue: string | null;
}

export const MOBILE = '+375290000009';
const EXTENSIONS = ['150', '151', '152', '153', '154'];

const extension = (index: number): string => EXTENSIONS[index % EXTENSIONS.length] ?? '';
const other = (index: number, than: string): string =>
  extension(index) === than ? extension(index + 1) : extension(index);
/** A client's number as a trunk or a manager writes it. */
const spelled = (client: number, spelling: number): string =>
  [`+37529000010${String(client)}`, `37529000010${String(client)}`, `8029000010${String(client)}`][spelling] ?? '';
export const clientOf = (script: CallScript): string => `+37529000010${String(script.client)}`;

/** Acts one call and returns what it was, and what further calls it made (consultations that came to nothing). */
export function act(pbx: ActedPbx, script: CallScript): Truth[] {
  return new Act(pbx, script).run();
}

class Act {
  readonly #pbx: ActedPbx;
  readonly #script: CallScript;
  readonly #truth: Truth;
  readonly #others: Truth[] = [];
  #client!: Channel;
  /** Who talks with the client now, and the bridge they share. */
  #staff: Reached | null = null;
  #bridge = '';
  #party = '';
  #talkingSince: number | null = null;
  /** … and since when he who talks now does. */
  #turnSince: number | null = null;
  #told = true;
  readonly #heard = { unanswered: false, busy: false, failed: false };

  constructor(pbx: ActedPbx, script: CallScript) {
    this.#pbx = pbx;
    this.#script = script;
    this.#truth = blank(pbx.now, script.kind);
  }

  run(): Truth[] {
    if (this.#script.kind === 'in') this.#comesIn();
    else if (this.#script.kind === 'out') this.#goesOut();
    else this.#internal();
    const truth = this.#truth;
    truth.endedAt = this.#pbx.now;
    truth.finalAgent = truth.answeredAt === null ? null : this.#party;
    if (truth.answeredAt !== null) truth.result = 'answered';
    return [...(this.#told ? [truth] : []), ...this.#others];
  }

  #comesIn(): void {
    const { client, spelling, line, greetingMs } = this.#script;
    const exten = `000136${String(line)}`;
    this.#client = this.#pbx.channel('trunk', null, {
      state: 'ring',
      callerNum: spelled(client, spelling),
      context: 'from-trunk',
      exten,
    });
    this.#known({ uid: this.#client.info.uid, external: clientOf(this.#script), line: exten });
    if (greetingMs !== null) {
      this.#pbx.state(this.#client, 'up');
      this.#pbx.wait(greetingMs);
      if (this.#script.gaveUpInGreeting) {
        this.#pbx.gone(this.#client);
        this.#truth.result = 'abandoned';
        return;
      }
    }
    if (this.#script.queue) {
      this.#pbx.joinQueue(this.#client, 'sales');
      this.#truth.queue = 'sales';
    }
    if (this.#ringStages(this.#client, (stage) => stage.phones)) this.#talk();
  }

  #internal(): void {
    const caller = extension(this.#script.caller);
    const stages = (stage: Stage): Phone[] => stage.phones.filter((one) => this.#partyOf(one) !== caller).slice(0, 1);
    const first = this.#script.stages.flatMap(stages)[0];
    this.#client = this.#pbx.channel(caller, null, {
      state: 'ring',
      callerNum: caller,
      exten: first ? this.#partyOf(first) : '159',
    });
    this.#known({ uid: this.#client.info.uid, caller });
    if (!first) {
      // Nobody but himself to dial: that is told to nobody.
      this.#pbx.gone(this.#client);
      this.#told = false;
      return;
    }
    if (this.#ringStages(this.#client, stages)) this.#talk();
  }

  #known(what: Partial<Truth>): void {
    Object.assign(this.#truth, what);
  }

  /** Rings the groups one after another; true when somebody talks. */
  #ringStages(by: Channel, phonesOf: (stage: Stage) => Phone[]): boolean {
    for (const stage of this.#script.stages) {
      const phones = phonesOf(stage);
      if (phones.length === 0) continue;
      const end = this.#ringStage(by, stage, phones);
      if (end === 'answered') return true;
      if (end === 'gave-up') return false;
    }
    this.#pbx.gone(by);
    this.#truth.result = this.#resultUnanswered();
    return false;
  }

  #resultUnanswered(): CallResult {
    const { unanswered, busy, failed } = this.#heard;
    if (unanswered) return 'missed';
    if (busy) return 'busy';
    return failed ? 'failed' : 'missed';
  }

  #ringStage(by: Channel, stage: Stage, phones: readonly Phone[]): 'answered' | 'gave-up' | 'nobody' {
    const pbx = this.#pbx;
    pbx.wait(2);
    const dialled = phones.map((one) => ({ one, reached: this.#reach(by, one, stage.local) }));
    pbx.wait(2);
    const ringing = dialled.filter(({ one }) => one.does === 'rings');
    for (const { reached, one } of ringing) {
      pbx.rings(reached);
      this.#rang(this.#partyOf(one));
    }
    for (const { reached, one } of dialled) {
      if (one.does === 'rings') continue;
      this.#heard[one.does === 'busy' ? 'busy' : 'failed'] = true;
      pbx.fails(by, reached, one.does === 'busy' ? 'BUSY' : 'CHANUNAVAIL', 17);
    }
    if (ringing.length === 0) return 'nobody';
    pbx.wait(stage.ringMs);
    if (stage.end === 'nobody') {
      this.#heard.unanswered = true;
      for (const { reached } of ringing) pbx.fails(by, reached, 'NOANSWER');
      return 'nobody';
    }
    if (stage.end === 'gave-up') {
      for (const { reached } of ringing) pbx.fails(by, reached, 'CANCEL');
      pbx.gone(by, 127);
      this.#truth.result = this.#script.kind === 'in' ? 'abandoned' : 'missed';
      return 'gave-up';
    }
    const winner = ringing[stage.who % ringing.length] as (typeof ringing)[number];
    const losers = ringing.filter((one) => one !== winner);
    if (stage.end === 'pickup' && winner.reached.halves === null)
      this.#pickUp(
        by,
        winner.reached,
        losers.map((one) => one.reached),
        phones,
      );
    else {
      pbx.answers(by, winner.reached);
      for (const { reached } of losers) pbx.fails(by, reached, 'CANCEL', 26);
      this.#joined(winner.reached, this.#partyOf(winner.one));
    }
    return 'answered';
  }

  #pickUp(by: Channel, taken: Reached, losers: readonly Reached[], phones: readonly Phone[]): void {
    const pbx = this.#pbx;
    const busy = new Set([...phones.map((one) => this.#partyOf(one)), this.#truth.caller]);
    const party = EXTENSIONS.find((one) => !busy.has(one)) ?? '155';
    const picker = pbx.channel(party, null, { state: 'ring', callerNum: party, exten: '*8' });
    pbx.state(picker, 'up');
    pbx.pickup(picker, taken.phone);
    pbx.ends(by, picker, 'ANSWER');
    for (const loser of losers) pbx.fails(by, loser, 'CANCEL', 26);
    if (by.info.state !== 'up') pbx.state(by, 'up');
    pbx.gone(taken.phone, 26);
    this.#joined({ phone: picker, halves: null }, party);
    picker.info.linkedid = by.info.linkedid;
  }

  #partyOf(phone: Phone): string {
    return phone.at === 'mobile' ? MOBILE : extension(phone.at);
  }

  #reach(by: Channel, phone: Phone, local: boolean): Reached {
    if (phone.at === 'mobile') {
      const over = { callerNum: '80290000009', exten: '80290000009', context: 'from-trunk' };
      return this.#pbx.dial(by, 'trunk', over, '80290000009@trunk', this.#script.kind === 'in');
    }
    const party = extension(phone.at);
    return this.#pbx.dial(by, party, { callerNum: party, exten: by.info.exten }, party, local);
  }

  #rang(party: string): void {
    const truth = this.#truth;
    truth.ringingAt ??= this.#pbx.now;
    if (truth.direction !== 'out' && !truth.rang.includes(party)) truth.rang.push(party);
  }

  /** The first line that takes the call, or the last one tried. */
  #goesOut(): void {
    const pbx = this.#pbx;
    const caller = extension(this.#script.caller);
    const number = spelled(this.#script.client, 2);
    const by = pbx.channel(caller, null, { state: 'ring', callerNum: caller, exten: number });
    this.#known({ uid: by.info.uid, caller, external: clientOf(this.#script) });
    for (const [tried, stage] of this.#script.stages.entries()) {
      pbx.wait(3);
      const line = tried % 2 === 0 ? 'trunk' : 'reserve';
      this.#truth.line = line;
      const reached = pbx.dial(
        by,
        line,
        { callerNum: number, exten: number, context: 'from-trunk' },
        `${number}@${line}`,
        false,
      );
      pbx.wait(5);
      const does = stage.phones[0]?.does;
      if (does !== 'rings') {
        this.#heard[does === 'busy' ? 'busy' : 'failed'] = true;
        pbx.fails(by, reached, does === 'busy' ? 'BUSY' : 'CONGESTION', 17);
        continue;
      }
      pbx.rings(reached);
      this.#rang('');
      pbx.wait(stage.ringMs);
      if (stage.end === 'gave-up') {
        pbx.fails(by, reached, 'CANCEL');
        pbx.gone(by);
        this.#truth.result = 'missed';
        return;
      }
      if (stage.end === 'nobody') {
        this.#heard.unanswered = true;
        pbx.fails(by, reached, 'NOANSWER');
        continue;
      }
      pbx.answers(by, reached);
      this.#client = reached.phone;
      this.#joined({ phone: by, halves: null }, caller);
      this.#talk();
      return;
    }
    pbx.gone(by);
    this.#truth.result = this.#resultUnanswered();
  }

  /** The client and this phone share a bridge now (over the Local channel, where there is one). */
  #joined(staff: Reached, party: string): void {
    this.#bridge = this.#pbx.bridge(staff.halves ? staff.halves[0] : staff.phone, this.#client);
    this.#talks(staff, party);
  }

  #talks(staff: Reached, party: string): void {
    const truth = this.#truth;
    this.#staff = staff;
    this.#turnEnds();
    this.#talkingSince ??= this.#pbx.now;
    this.#turnSince = this.#pbx.now;
    if (truth.talks.at(-1)?.agent !== party)
      truth.talks.push({ agent: party, from: this.#pbx.now, to: this.#pbx.now, ms: 0 });
    if (truth.answeredAt === null) {
      truth.answeredAt = this.#pbx.now;
      truth.answeredBy = truth.direction === 'out' ? truth.external : party;
    }
    if (!truth.agents.includes(party)) truth.agents.push(party);
    this.#party = party;
  }

  #turnEnds(): void {
    const turn = this.#truth.talks.at(-1);
    if (!turn || this.#turnSince === null) return;
    turn.ms += this.#pbx.now - this.#turnSince;
    turn.to = this.#pbx.now;
    this.#turnSince = null;
  }

  #pause(): void {
    if (this.#talkingSince === null) return;
    this.#turnEnds();
    this.#truth.talkMs += this.#pbx.now - this.#talkingSince;
    this.#truth.talkEndedAt = this.#pbx.now;
    this.#talkingSince = null;
  }

  #talk(): void {
    for (const move of this.#script.talk) {
      // Whoever is behind a Local channel or on a mobile transfers nobody here; internal calls are only held.
      const staff = this.#staff;
      if (!staff || staff.halves !== null || this.#party === MOBILE) break;
      if (move.kind !== 'hold' && this.#script.kind === 'internal') continue;
      this.#pbx.wait(move.afterMs);
      if (!this.#move(move, staff.phone)) return;
    }
    this.#pbx.wait(this.#script.lastTalkMs);
    this.#hangUp();
  }

  /** False when the call is over by it. */
  #move(move: Move, staff: Channel): boolean {
    switch (move.kind) {
      case 'hold':
        this.#pbx.hold(staff, true);
        this.#pbx.wait(move.ms);
        this.#pbx.hold(staff, false);
        this.#truth.hold = true;
        return true;
      case 'blind':
        return this.#blind(move, staff);
      case 'attended':
        if (move.by === 'code') this.#attendedByCode(move, staff);
        else this.#attendedByPhone(move, staff);
        return true;
    }
  }

  #transfer(kind: Transfer['kind'], to: string, answered: boolean): void {
    this.#truth.transfers.push({ kind, from: this.#party, to, answered });
  }

  #blind(move: Extract<Move, { kind: 'blind' }>, staff: Channel): boolean {
    const pbx = this.#pbx;
    const to = other(move.to, this.#party);
    this.#transfer('blind', to, move.end === 'answer');
    pbx.blind(staff, this.#client, to);
    this.#pause();
    pbx.leave(staff);
    this.#client.info.exten = to;
    this.#client.info.context = 'internal';
    pbx.leave(this.#client);
    pbx.gone(staff);
    pbx.wait(2);
    const reached = pbx.dial(this.#client, to, { callerNum: to, exten: to }, to, false);
    if (move.end !== 'busy') {
      pbx.rings(reached);
      pbx.wait(move.ringMs);
    }
    if (move.end === 'answer') {
      pbx.answers(this.#client, reached);
      this.#joined(reached, to);
      return true;
    }
    pbx.fails(this.#client, reached, move.end === 'busy' ? 'BUSY' : 'NOANSWER');
    pbx.gone(this.#client);
    return false;
  }

  /** The phone consults over a Local channel the PBX makes; the client waits alone in his bridge. */
  #attendedByCode(move: Extract<Move, { kind: 'attended' }>, staff: Channel): void {
    const pbx = this.#pbx;
    const to = other(move.to, this.#party);
    const [first, second] = pbx.localPair(staff, to);
    this.#pause();
    pbx.leave(staff);
    pbx.bridge(first, staff);
    const phone = pbx.channel(to, staff, { callerNum: to });
    pbx.begin(second, phone, to);
    const reached: Reached = { phone, halves: [first, second] };
    pbx.rings(reached);
    pbx.wait(move.ringMs);
    if (move.end === 'nobody') {
      pbx.ends(second, phone, 'NOANSWER');
      pbx.gone(phone);
      this.#backFrom(staff, [second, first]);
      this.#transfer('attended', to, false);
      return;
    }
    pbx.state(phone, 'up');
    pbx.ends(second, phone, 'ANSWER');
    pbx.state(second, 'up');
    pbx.bridge(phone, second);
    pbx.state(first, 'up');
    pbx.wait(move.consultMs);
    if (move.end === 'refused') {
      pbx.gone(phone);
      this.#backFrom(staff, [second, first]);
      this.#transfer('attended', to, false);
      return;
    }
    this.#transfer('attended', to, true);
    pbx.leave(staff);
    pbx.enter(first, this.#bridge);
    pbx.attended(staff, staff, this.#client, first);
    pbx.gone(staff);
    this.#talks(reached, to);
  }

  #backFrom(staff: Channel, ended: readonly Channel[]): void {
    for (const half of ended) this.#pbx.gone(half);
    this.#pbx.enter(staff, this.#bridge);
    this.#talkingSince = this.#pbx.now;
    this.#turnSince = this.#pbx.now;
  }

  /** The phone holds the client and calls by itself: a call of its own until the two are joined. */
  #attendedByPhone(move: Extract<Move, { kind: 'attended' }>, staff: Channel): void {
    const pbx = this.#pbx;
    const to = other(move.to, this.#party);
    const from = this.#party;
    pbx.hold(staff, true);
    const second = pbx.channel(from, null, { state: 'ring', callerNum: from, exten: to });
    const consultation = { ...blank(pbx.now, 'internal'), uid: second.info.uid, caller: from, rang: [to] };
    pbx.wait(2);
    const reached = pbx.dial(second, to, { callerNum: to, exten: to }, to, false);
    pbx.rings(reached);
    consultation.ringingAt = pbx.now;
    pbx.wait(move.ringMs);
    if (move.end === 'nobody') {
      pbx.fails(second, reached, 'NOANSWER');
      pbx.gone(second);
      this.#others.push({ ...consultation, result: 'missed', endedAt: pbx.now });
      return this.#back(staff);
    }
    pbx.answers(second, reached);
    pbx.bridge(reached.phone, second);
    const answeredAt = pbx.now;
    pbx.wait(move.consultMs);
    if (move.end === 'refused') {
      const talkMs = pbx.now - answeredAt;
      pbx.gone(reached.phone);
      pbx.gone(second);
      const talks = [{ agent: to, from: answeredAt, to: pbx.now, ms: talkMs }];
      const talked = { answeredAt, answeredBy: to, agents: [to], finalAgent: to, talks, talkMs, talkEndedAt: pbx.now };
      this.#others.push({ ...consultation, ...talked, result: 'answered', endedAt: pbx.now });
      return this.#back(staff);
    }
    this.#transfer('attended', to, true);
    pbx.leave(second);
    pbx.leave(staff);
    pbx.enter(reached.phone, this.#bridge);
    pbx.attended(staff, second, this.#client, reached.phone);
    reached.phone.info.linkedid = this.#client.info.linkedid;
    pbx.gone(staff);
    pbx.gone(second);
    this.#talks(reached, to);
  }

  #back(staff: Channel): void {
    this.#pbx.hold(staff, false);
    this.#truth.hold = true;
  }

  #hangUp(): void {
    const { phone, halves } = this.#staff as Reached;
    this.#pause();
    const chain = [this.#client, ...(halves ?? []), phone];
    for (const channel of this.#script.staffHangsUp ? chain.reverse() : chain) this.#pbx.gone(channel);
  }
}

function blank(now: number, direction: Direction): Truth {
  return {
    uid: '',
    direction,
    external: null,
    line: null,
    caller: null,
    rang: [],
    answeredBy: null,
    agents: [],
    finalAgent: null,
    talks: [],
    transfers: [],
    result: 'missed',
    startedAt: now,
    ringingAt: null,
    answeredAt: null,
    endedAt: now,
    talkMs: 0,
    talkEndedAt: null,
    hold: false,
    queue: null,
  };
}
