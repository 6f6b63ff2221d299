/** What happens in a generated call, as plain data: what fast-check draws, prints and shrinks. */
import fc from 'fast-check';

export interface CallScript {
  kind: 'in' | 'out' | 'internal';
  /** Which client; of an incoming call spelled in one of several ways. */
  client: number;
  spelling: number;
  /** The line it came in on, or the extension that calls. */
  line: number;
  caller: number;
  /** The dialplan answers first and plays a greeting. */
  greetingMs: number | null;
  /** The client gives up in it. */
  gaveUpInGreeting: boolean;
  queue: boolean;
  /** Groups rung one after another; each but the last is a ring that nobody took. */
  stages: Stage[];
  /** What is done with the client once somebody talks with him. */
  talk: Move[];
  lastTalkMs: number;
  /** Who hangs up first. */
  staffHangsUp: boolean;
}

export interface Stage {
  phones: Phone[];
  local: boolean;
  /** From the first ring to its end. */
  ringMs: number;
  end: 'answer' | 'nobody' | 'gave-up' | 'pickup';
  /** Which of those that ring answers; or who picks the ring up. */
  who: number;
}

export interface Phone {
  /** Extension 150 to 154, or the staff mobile. */
  at: number | 'mobile';
  does: 'rings' | 'busy' | 'unreachable';
}

export type Move =
  | { kind: 'hold'; afterMs: number; ms: number }
  | { kind: 'blind'; afterMs: number; to: number; ringMs: number; end: 'answer' | 'nobody' | 'busy' }
  | {
      kind: 'attended';
      afterMs: number;
      /** By feature code a Local channel is consulted, by the phone a second call is made. */
      by: 'code' | 'phone';
      to: number;
      ringMs: number;
      consultMs: number;
      end: 'accepted' | 'refused' | 'nobody';
    };

const ms = fc.integer({ min: 20, max: 20_000 });
/** Long enough after a hold that nobody takes it for the first half of a transfer. */
const later = fc.integer({ min: 600, max: 20_000 });
const index = fc.nat({ max: 4 });

const phone: fc.Arbitrary<Phone> = fc.record({
  at: fc.oneof(
    { weight: 9, arbitrary: index as fc.Arbitrary<number | 'mobile'> },
    { weight: 1, arbitrary: fc.constant('mobile' as const) },
  ),
  does: fc.oneof(
    { weight: 8, arbitrary: fc.constant('rings' as const) },
    { weight: 1, arbitrary: fc.constant('busy' as const) },
    { weight: 1, arbitrary: fc.constant('unreachable' as const) },
  ),
});

const stage: fc.Arbitrary<Stage> = fc.record({
  phones: fc.uniqueArray(phone, { minLength: 1, maxLength: 4, selector: (one) => one.at }),
  local: fc.boolean(),
  ringMs: ms,
  end: fc.constantFrom('answer', 'answer', 'answer', 'nobody', 'gave-up', 'pickup'),
  who: index,
});

const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constant('hold' as const), afterMs: ms, ms }),
  fc.record({
    kind: fc.constant('blind' as const),
    afterMs: later,
    to: index,
    ringMs: ms,
    end: fc.constantFrom('answer', 'answer', 'nobody', 'busy'),
  }),
  fc.record({
    kind: fc.constant('attended' as const),
    afterMs: later,
    by: fc.constantFrom('code', 'phone'),
    to: index,
    ringMs: ms,
    consultMs: ms,
    end: fc.constantFrom('accepted', 'accepted', 'refused', 'nobody'),
  }),
);

export const callScript: fc.Arbitrary<CallScript> = fc.record({
  kind: fc.constantFrom('in', 'in', 'in', 'out', 'internal'),
  client: fc.nat({ max: 8 }),
  spelling: fc.nat({ max: 2 }),
  line: fc.nat({ max: 6 }),
  caller: index,
  greetingMs: fc.option(ms, { freq: 3 }),
  gaveUpInGreeting: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  queue: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  stages: fc.array(stage, { minLength: 1, maxLength: 3 }),
  talk: fc.array(move, { maxLength: 3 }),
  lastTalkMs: ms,
  staffHangsUp: fc.boolean(),
});

/** Calls without moves: nobody is transferred or put on hold. */
export const plainScript: fc.Arbitrary<CallScript> = callScript.map((script) => ({ ...script, talk: [] }));
