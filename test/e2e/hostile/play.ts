/** Hostile callers and ordinary calls on one PBX at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { headerOf } from '../../pbx/ami-probe.js';
import type { Ground } from '../scenarios/ground.js';
import { SCENARIOS } from '../scenarios/scenarios.js';
import { Scene } from '../scenarios/scene.js';
import type { Truth } from '../scenarios/truth.js';
import { attacksOn, type Aim, type Attack } from './attacks.js';
import { OWN_LINE, OWN_PHONE, uidsOf } from './dialplan.js';

/** Who calls while it happens. */
const ORDINARY = [
  ...[
    'inbound, answered',
    'inbound, the one called hangs up',
    'inbound, busy',
    'inbound, the caller gives up',
    'hold and back',
  ],
  ...[
    'the same client twice at once',
    'ring group of three',
    'queue of two',
    'outbound, answered',
    'internal, answered',
  ],
  ...['attended transfer by REFER with Replaces'],
];
const STAGGER_MS = 700;
/** Between two attacks. */
const PACE_MS = 170;
const TALK_MS = 500;
/** For a hostile caller who gets no answer. */
const PATIENCE_MS = 2_500;

export interface Played {
  /** Of the calls that were nobody's attack. */
  readonly ordinary: readonly Truth[];
  /** In the order they were begun; `uid` is null where the PBX did not take the call. */
  readonly attacks: readonly (Attack & { uid: string | null; truth: Truth | null })[];
  readonly aim: Aim;
}

export async function play(ground: Ground): Promise<Played> {
  ground.agent(OWN_PHONE).take({ default: { then: 'answer', ringMs: 150 } });
  const aimed = await talk(new Scene(ground, SCENARIOS.length));
  const others = SCENARIOS.filter(({ name }) => ORDINARY.includes(name));
  if (others.length !== ORDINARY.length) throw new Error('an ordinary call has another name now');
  const ordinary = others.map(async (scenario, index) => {
    const scene = new Scene(ground, SCENARIOS.indexOf(scenario));
    await scene.pause(index * STAGGER_MS);
    return [await scenario.play(scene)].flat();
  });
  const hostile = new Scene(ground, SCENARIOS.length + 1);
  const attacks = attacksOn(aimed.aim, (n) => numberOf(hostile, n));
  const hostiles = attacks.map(async (attack, n) => {
    await sleep(n * PACE_MS);
    return await placed(ground, attack, n);
  });
  const [truths, own] = await Promise.all([Promise.all(ordinary), Promise.all(hostiles)]);
  const last = await aimed.end();
  const uids = uidsOf(ground.asterisk.log());
  return {
    aim: aimed.aim,
    ordinary: [last, ...truths.flat()],
    attacks: attacks.map((attack, n) => {
      const uid = uids.get(n) ?? null;
      const truth = uid !== null && attack.inOrder ? own[n]?.(uid) : undefined;
      return { ...attack, uid, truth: truth ?? null };
    }),
  };
}

/** Scenes give each client twenty numbers, and there are more attacks than that. */
const numberOf = (scene: Scene, n: number): string => String(Number(scene.external()) + n).padStart(13, '+');

/** A call that goes on as long as the attacks do: the one they aim at. */
async function talk(scene: Scene): Promise<{ aim: Aim; end(): Promise<Truth> }> {
  const call = scene.comesIn('0002157');
  const phone = await scene.answers('157', 400);
  const seen = await scene.ground.ami.find(
    (message) =>
      headerOf(message, 'Event') === 'DialEnd' &&
      headerOf(message, 'DialStatus') === 'ANSWER' &&
      headerOf(message, 'CallerIDName') === scene.tag(),
  );
  const say = (header: string) => headerOf(seen, header) ?? '';
  return {
    aim: {
      uid: say('Uniqueid'),
      phoneUid: say('DestUniqueid'),
      phone: say('DestChannel'),
      client: scene.external(),
    },
    async end() {
      await call.hangUp();
      await phone.reached('over');
      const talks = [scene.talk(phone, call)];
      return scene.came(call, { rang: ['157'], result: 'answered', ringAt: scene.rang(phone), talks });
    },
  };
}

/** Calls, talks a moment if anybody answers, and is gone; then tells what his call was, should it be in order. */
async function placed(ground: Ground, { dial, how }: Attack, n: number): Promise<(uid: string) => Truth> {
  const headers = [['X-Attack', String(n)] as const, ...(how.headers ?? [])];
  const call = ground.agent('trunk').call(dial, { ...how, headers });
  const answered = await call.reached('talking', PATIENCE_MS).catch(() => null);
  if (answered) await sleep(TALK_MS);
  // Where the PBX did not say a word there is nothing to hang up.
  if (answered || call.state === 'ringing') await call.hangUp();
  else call.cut();
  const phone = ground.agent(OWN_PHONE).calls.find(({ who }) => who.from === how.from);
  return (uid) => {
    if (!phone) throw new Error(`attack ${n} rang nobody`);
    const [caller, called] = [ground.legOf(call), ground.legOf(phone)];
    return {
      find: { uid },
      direction: 'in',
      external: how.from ?? '',
      line: OWN_LINE,
      caller: null,
      rang: [OWN_PHONE],
      rangLater: [],
      agents: [OWN_PHONE],
      transfers: [],
      hold: false,
      recorded: false,
      queue: null,
      result: 'answered',
      disposition: 'ANSWERED',
      billed: true,
      startedAt: caller.invitedAt,
      ringAt: called.ringingAt,
      endedAt: caller.endedAt ?? 0,
      talks: [[called.answeredAt ?? 0, caller.endedAt ?? 0]],
    };
  };
}
