import { startAsterisk } from '../pbx/asterisk.js';
import { firstRingingAt, placeCalls } from '../pbx/callers.js';
import { planLoad, recordedCalls } from '../pbx/load.js';
import type { LoadCall } from '../pbx/load.js';
import type { ManagerUserName } from '../pbx/manager-users.js';
import { startPhone } from '../pbx/phones.js';
import type { CalleePlan, Phone } from '../pbx/phones.js';
import type { StoredCall } from '../../src/cli/demo/standins/retailcrm/account.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { TestDb } from '../support/db.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startFleetPoster } from '../support/fleet-poster.js';
import { linkUp, startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

export interface DriveOptions {
  version: 16 | 22;
  count: number;
  /** How the daemon hears of the calls. */
  sources: ('ami' | 'webhook')[];
  /** The AMI user the daemon logs in as. */
  user?: ManagerUserName;
  talkSeconds?: readonly [number, number];
  perSecond?: number;
  /** Default: a clone of the test run's template. */
  db?: TestDb;
}

/** One call as it was placed, and everything that was said of it. */
export interface SeenCall extends LoadCall {
  /** Unique id of its first channel, by Asterisk's own records. */
  uid: string;
  /** First 180 a phone sent for it, Unix ms; null when none rang. */
  rangAt: number | null;
  /** When the CRM had the request that opened its card; null when none was. */
  cardAt: number | null;
  /** Seconds of talk as the SIP messages show them. */
  talkSeconds: number;
  /** Seconds of waiting: from a phone's 180 at the least, from the caller's INVITE at the most. A busy phone's 180 comes late. */
  waitSeconds: readonly [least: number, most: number];
  /** How far its posts were behind, where it is posted: most of them have no stamps, and tell of a moment by when they come. */
  lagSeconds: number;
  records: StoredCall[];
}

export interface Driven {
  calls: SeenCall[];
  /** Records of the CRM that no placed call explains. */
  strange: StoredCall[];
  openCards: number;
  statuses: number[];
}

const PHONES = ['150', '151', '152'] as const;
/** The fleet's lines behave like these of the plain dialplan. */
const FLEET_LINE: Record<string, string> = {
  '0001360': '0001371',
  '0001361': '0001371',
  '0001362': '0001370',
  '0001367': '0001371',
};

/** Places real calls on a real Asterisk with the whole daemon behind it, and lays every side's account next to the others. */
export async function driveAndRead(options: DriveOptions): Promise<Driven> {
  const { version, count, sources, user = 'crm', perSecond = 5 } = options;
  const fleet = sources.includes('webhook');
  const planned = planLoad({ count, talkSeconds: options.talkSeconds ?? [1, 3] });
  const calls = fleet ? planned.map(onFleetLine) : planned;
  await using asterisk = await startAsterisk({ version });
  const users = PHONES.map((code, index) => ({ id: 6 + index, firstName: `User ${code}`, code }));
  const crm = await startRetailCrmStandIn({ users });
  const phones: Phone[] = [];
  try {
    const amiPort = sources.includes('ami') ? asterisk.amiPort : null;
    const enterprise = retailCrmEnterprise({ amiPort, crmUrl: crm.url, user: asterisk.users[user], more: { sources } });
    await using running = await startTestApp({ enterprises: [enterprise], ...(options.db ? { db: options.db } : {}) });
    if (amiPort !== null) await linkUp(running);
    const probe = fleet ? await asterisk.probe('crm') : null;
    const poster = probe ? startFleetPoster({ probe, url: running.app.url, token: 'unit-token-0001' }) : null;
    for (const extension of PHONES)
      phones.push(
        await startPhone(asterisk, extension, {
          default: { then: 'unavailable', ringMs: 0 },
          calls: planOf(calls, extension),
        }),
      );

    const placed = await (
      await placeCalls(
        asterisk,
        calls.map((call) => call.plan),
        { perSecond },
      )
    ).done;
    await poster?.stop();
    await probe?.close();
    await until('a record of every call', () => crm.state.calls.length >= count, 30_000).catch(() => undefined);
    await until('the cards to close', () => crm.state.openCards().length === 0, 15_000).catch(() => undefined);

    const cdr = recordedCalls(asterisk.masterCsv());
    const opened = new Map<string, number>();
    for (const card of crm.state.cards) {
      const id = card.callExternalId ?? '';
      opened.set(id, Math.min(opened.get(id) ?? Infinity, card.openedAt));
    }
    const seen = calls.map((call, index): SeenCall => {
      const uid = cdr.get(call.plan.tag)?.linkedid ?? '';
      const leg = placed[index]?.leg;
      const answered = phones
        .flatMap((phone) => phone.legs())
        .find((one) => one.tag === call.plan.tag && one.answeredAt !== null && one.finalStatus === 200);
      const rangAt = firstRingingAt(phones, call.plan.tag);
      const invitedAt = leg?.invitedAt ?? 0;
      const ended = leg?.endedAt ?? 0;
      const waitEnded = answered?.answeredAt ?? ended;
      return {
        ...call,
        uid,
        rangAt,
        cardAt: opened.get(`0367-${uid}`) ?? null,
        talkSeconds: answered ? (ended - (answered.answeredAt ?? ended)) / 1_000 : 0,
        waitSeconds: [(waitEnded - (rangAt ?? invitedAt)) / 1_000, (waitEnded - invitedAt) / 1_000],
        lagSeconds: (poster?.lagBetween(invitedAt, ended + 1_000) ?? 0) / 1_000,
        records: crm.state.calls.filter((record) => record.externalId === `0367-${uid}`),
      };
    });
    const explained = new Set(seen.flatMap((call) => call.records));
    return {
      calls: seen,
      strange: crm.state.calls.filter((record) => !explained.has(record)),
      openCards: crm.state.openCards().length,
      statuses: poster?.posted.map((post) => post.status) ?? [],
    };
  } finally {
    for (const phone of phones) await phone.stop();
    await crm.stop();
  }
}

function planOf(calls: readonly LoadCall[], extension: (typeof PHONES)[number]): Record<string, CalleePlan> {
  return Object.fromEntries(
    calls.flatMap(({ plan, phones }) => (phones[extension] ? [[plan.tag, phones[extension]]] : [])),
  );
}

/**
 * 151 takes what 150 would have: the fleet's dialplan has one line for one phone, and nobody is missed by a short Dial
 * there. It answers before anyone does, so a caller's talk begins while it rings, and who gives up hangs up.
 */
function onFleetLine(call: LoadCall): LoadCall {
  const dial = FLEET_LINE[call.plan.dial] ?? call.plan.dial;
  const group = dial === '0001370';
  const phone = call.phones['150'] ?? call.phones['151'];
  const phones = group ? call.phones : phone ? { '151': phone } : {};
  const answeredBy = call.answeredBy === null ? null : group ? call.answeredBy : '151';
  const { giveUpMs, talkMs, ...plan } = call.plan;
  return { ...call, plan: { ...plan, dial, ...callerHangsUp() }, answeredBy, phones };

  function callerHangsUp(): { talkMs?: number } {
    if (giveUpMs !== undefined) return { talkMs: giveUpMs };
    if (call.expected === 'missed') return { talkMs: 2_000 };
    const answer = Object.values(call.phones).find((one) => one.then === 'answer');
    return talkMs === undefined ? {} : { talkMs: talkMs + (answer?.then === 'answer' ? answer.ringMs : 0) };
  }
}
