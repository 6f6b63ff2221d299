import { randomUUID } from 'node:crypto';

/** One recorded event: when it came, counted from the first of its call, and its bytes as Latin-1. */
export interface RecordedEvent {
  afterMs: number;
  text: string;
}

export interface Recording {
  events: RecordedEvent[];
  /** Unix ms of the first event on the PBX it was recorded on. */
  beganAt: number;
}

/** The unasked, time-stamped events of a captured AMI session; greeting, log-in and answers are left out. */
export function readRecording(bytes: Buffer): Recording {
  const stamped: { at: number; text: string }[] = [];
  for (const text of bytes.toString('latin1').split('\r\n\r\n')) {
    const stamp = /^Event: .+\r\nPrivilege: .+\r\nTimestamp: (\d+\.\d+)\r\n/.exec(text)?.[1];
    if (stamp !== undefined) stamped.push({ at: Number(stamp) * 1000, text });
  }
  const beganAt = stamped[0]?.at ?? 0;
  return { beganAt, events: stamped.map(({ at, text }) => ({ afterMs: at - beganAt, text })) };
}

/** Numbers that a PBX never gives twice. */
export interface Counters {
  channel: number;
}

/**
 * A recorded call as it would be told if it began at `startAt`: times are moved, and unique ids, channel names and bridges
 * are new ones, so that no two plays are about the same call.
 */
export function rebase(recording: Recording, startAt: number, counters: Counters): RecordedEvent[] {
  const shiftMs = startAt - recording.beganAt;
  const names = renaming(recording, Math.round(shiftMs / 1000), counters);
  return recording.events.map(({ afterMs, text }) => ({ afterMs, text: moveTimes(names(text), shiftMs) }));
}

function renaming({ events }: Recording, shiftSeconds: number, counters: Counters): (text: string) => string {
  const fresh = new Map<string, string>();
  for (const uid of found(events, /^\w*(?:Unique|Linked)id: (\d{10}\.\d+)\r?$/gim)) {
    fresh.set(uid, `${String(Number(uid.split('.')[0]) + shiftSeconds)}.${String(counters.channel++)}`);
  }
  for (const name of found(events, /^\w*Channel: (\S+-[0-9a-f]{8})(?:;[12])?\r?$/gm)) {
    fresh.set(name, name.slice(0, -8) + (counters.channel++).toString(16).padStart(8, '0'));
  }
  for (const bridge of found(events, /^\w*BridgeUniqueid: (\S+)\r?$/gm)) fresh.set(bridge, randomUUID());
  if (fresh.size === 0) return (text) => text;
  // The longest first: one unique id may begin another.
  const known = [...fresh.keys()]
    .toSorted((a, b) => b.length - a.length)
    .map((key) => key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`(?:${known.join('|')})(?![0-9a-f])`, 'g');
  return (text) => text.replace(pattern, (key) => fresh.get(key) ?? key);
}

function found(events: readonly RecordedEvent[], pattern: RegExp): Set<string> {
  const values = new Set<string>();
  for (const { text } of events) for (const [, value] of text.matchAll(pattern)) if (value) values.add(value);
  return values;
}

function moveTimes(text: string, shiftMs: number): string {
  return text
    .replace(/^(Timestamp: )(\d+\.\d+)/m, (_, name: string, stamp: string) => {
      return name + (Number(stamp) + shiftMs / 1000).toFixed(6);
    })
    .replace(
      /^((?:Start|Answer|End)Time: )(\S+) (\S+?)(\r?)$/gm,
      (_, name: string, day: string, time: string, end: string) => {
        const moved = new Date(Date.parse(`${day}T${time}Z`) + shiftMs);
        return `${name}${moved.toISOString().slice(0, 19).replace('T', ' ')}${end}`;
      },
    );
}
