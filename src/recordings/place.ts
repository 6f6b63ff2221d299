/** Where the recording of a call may be, by the enterprise's rule. Pure; every path lies below the root. */
import { localIso } from '../platform/time-zone.js';
import type { RecordedCall, RecordingSource } from './ports.js';

export interface Candidate {
  path: string;
  /** The channel it belongs to. */
  uid: string;
}

const UNIQUE_ID = /^[\w.-]{1,150}$/;

/** The files a call may have, the main one first. `uids` are all its channels, `named` what the PBX said of it. */
export function candidates(
  call: Pick<RecordedCall, 'uid' | 'recordingFile' | 'startedAt'>,
  uids: readonly string[],
  source: Pick<RecordingSource, 'file' | 'pbxRoot' | 'timezone'>,
): Candidate[] {
  const all = [call.uid, ...uids.filter((uid) => uid !== call.uid)].filter((uid) => UNIQUE_ID.test(uid));
  const named = source.file.includes('{name}') ? belowRoot(call.recordingFile, source.pbxRoot) : null;
  const found: Candidate[] = named === null ? [] : [{ path: filled(source.file, { name: named }), uid: call.uid }];
  for (const uid of all) {
    // One that is named so by the PBX is the main channel's; others keep to the rule.
    for (const day of daysOf(call.startedAt, uid)) {
      const path = filled(source.file, { ...dateOf(day, source.timezone), uniqueid: uid, name: `${uid}.wav` });
      if (!found.some((one) => one.path === path)) found.push({ path, uid });
    }
  }
  return found.filter(({ path }) => isConfined(path));
}

/** The name the PBX said, relative to the root; null for anything outside of it. */
export function belowRoot(file: string | null, root: string): string | null {
  if (file === null || file === '' || file.includes('\0')) return null;
  const base = root.endsWith('/') ? root : `${root}/`;
  const path = file.startsWith('/') ? (file.startsWith(base) ? file.slice(base.length) : null) : file;
  return path !== null && isConfined(path) ? path : null;
}

/** No part of it leads up, and it is no address. */
export function isConfined(path: string): boolean {
  if (path === '' || path.startsWith('/') || path.length > 1_000 || /[\0\n\r\\]/.test(path) || path.includes('://'))
    return false;
  return path.split('/').every((part) => part !== '..' && part !== '.' && part !== '');
}

function filled(pattern: string, values: Record<string, string>): string {
  return pattern.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** Dialplans date folders by the call's begin or by the channel's, which a midnight may part. */
function daysOf(startedAt: number, uid: string): number[] {
  const seconds = Number(/(?:^|-)(\d{9,11})\.\d+$/.exec(uid)?.[1]);
  return Number.isFinite(seconds) ? [startedAt, seconds * 1_000] : [startedAt];
}

function dateOf(at: number, timeZone: string): Record<string, string> {
  const [year = '', month = '', day = '', hour = ''] = localIso(at, timeZone).split(/[-T:]/);
  return { year, month, day, hour };
}
