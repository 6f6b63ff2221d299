/** Calls as a host of the fleet posts and keeps them. */
import type { KeptEvent } from '../pbx/event-database.js';

/** As a clock in Minsk shows it; `at` in Unix seconds. */
export const local = (at: number): string =>
  new Date((at + 3 * 3_600) * 1_000).toISOString().slice(0, 19).replace('T', ' ');

export const dayOf = (at: number): string => local(at).slice(0, 10);

export interface MadeCall {
  uid: string;
  /** As CRMs know it. */
  id: string;
  /** Of the events, in order; Unix seconds. */
  events: { after: number; event: string; body: Record<string, unknown> }[];
  at: number;
}

let made = 0;

/** A client who waits for 20 s, whoever rings after two of them, and, unless he is missed, talks for 30 s with 151. */
export function madeCall(at: number, { missed = false, name = '', waits = 20, talks = 30 } = {}): MadeCall {
  made += 1;
  const phone = `37529${String(1_000_000 + made).slice(-7)}`;
  const uid = `${at}.${made * 10}`;
  const staff = `${at + 1}.${made * 10 + 1}`;
  const BridgeUniqueid = `00000000-0000-4000-8000-${String(at * 1_000 + made).padStart(12, '0')}`;
  const call = { UniqueId: uid, Phone: phone, CallType: 0, Trunk: '0001363' };
  const client = { UniqueId: uid, Channel: `SIP/0001363-${hex(made)}`, CallerIDNum: phone, CallerIDName: name };
  const agent = { UniqueId: staff, Channel: `SIP/151-${hex(made)}`, CallerIDNum: '151', CallerIDName: '' };
  const sides = { BridgeUniqueid, ConnectedLineName: name };
  const end = missed ? waits + 5 : waits + talks;
  const stamps = { DateReceived: local(at), StartTime: local(at), EndTime: local(at + end) };
  const talk = [
    { after: waits, event: 'bridge', body: { ...agent, ...sides, ConnectedLineNum: phone } },
    { after: waits, event: 'bridge', body: { ...client, ...sides, ConnectedLineNum: '151' } },
    { after: end, event: 'bridge_leave', body: { ...agent, ...sides, BridgeNumChannels: '1' } },
    { after: end, event: 'bridge_leave', body: { ...client, ...sides, BridgeNumChannels: '0' } },
  ];
  const over = { Extensions: [missed ? '' : '151'], CallStatus: missed ? '0' : '2', ...stamps };
  const events = [
    { after: 0, event: 'start', body: call },
    { after: 1, event: 'new_callerid', body: { ...client, Context: 'from-out-office', Exten: '0001363' } },
    { after: 2, event: 'dial', body: { ...call, Extensions: ['150', '151'], ExtTrunk: '', ExtPhone: phone } },
    ...(missed ? [] : talk),
    { after: end, event: 'hangup', body: { ...call, ...over } },
  ];
  return { uid, id: `0367-${uid}`, events, at };
}

const hex = (n: number) => n.toString(16).padStart(8, '0');

/** As rows, by the host's day. `off`: how far its clock is from Minsk's, seconds. */
export function rowsOf(
  calls: readonly MadeCall[],
  change: (row: KeptEvent, index: number) => KeptEvent[] = (row) => [row],
  off = 0,
): Map<string, KeptEvent[]> {
  const rows = calls
    .flatMap(({ at, events }) => events.map(({ after, event, body }) => ({ at: at + after, event, body })))
    .toSorted((one, other) => one.at - other.at)
    .flatMap(({ at, event, body }, index) => {
      const told = { Token: 'unit-token-0001', ...body };
      return change({ at: local(at + off), event, body: told }, index).map((row) => ({ day: dayOf(at + off), row }));
    });
  const byDay = new Map<string, KeptEvent[]>();
  for (const { day, row } of rows) {
    const known = byDay.get(day);
    if (known) known.push(row);
    else byDay.set(day, [row]);
  }
  return byDay;
}
