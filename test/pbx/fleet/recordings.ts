/**
 * Scenarios as they were recorded from a real PBX: what AMI told, the posts the fleet's script made of it, and what each
 * call was. `record.ts` makes them anew.
 *
 * An `.ami` file has every event a client could make something of: all of classes call, user and cdr, and of class
 * dialplan the two variables the fleet speaks through. `visibleTo` says which of them a user gets; it is held against what
 * the real users got each time the scenarios are played.
 */
import { existsSync, readFileSync } from 'node:fs';
import { headerOf, type ProbeMessage } from '../ami-probe.js';
import { FLEET_EVENTS, FLEET_VARIABLES, FORGEABLE, type ManagerUserName } from '../manager-users.js';
import type { TimedPost } from '../../support/fleet-posts.js';
import type { TrueRecord } from './truth.js';

export interface Recorded {
  readonly name: string;
  /** Which PBX it was played on: those of one follow each other closely. */
  readonly lane: number;
  readonly calls: readonly TrueRecord[];
}

export const RECORDINGS = new URL('../../captures/fleet/', import.meta.url);
export const VERSIONS = [16, 22] as const;

export function recorded(version: 16 | 22): Readonly<Record<string, Recorded>> {
  const file = new URL(`${version}/expected.json`, RECORDINGS);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Recorded>) : {};
}

export function recordedAmi(version: 16 | 22, id: string): Buffer {
  return readFileSync(new URL(`${version}/${id}.ami`, RECORDINGS));
}

export function recordedPosts(version: 16 | 22, id: string): TimedPost[] {
  return readFileSync(new URL(`${version}/${id}.ndjson`, RECORDINGS), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TimedPost);
}

type Event = (header: string) => string | undefined;

/** Worth recording: whatever one of the sample users gets, and new channels. */
export const isWorthKeeping = (message: ProbeMessage): boolean => {
  const header: Event = (name) => headerOf(message, name);
  return ['safe', 'fleet', 'min'].some((user) => visibleTo(user as ManagerUserName, header));
};

/** Whether this user is told of an event, as `manager.conf` has it. */
export function visibleTo(user: ManagerUserName, header: Event): boolean {
  const name = header('Event');
  if (name === undefined) return false;
  if (user === 'crm') return true;
  const classes = (header('Privilege') ?? '').split(',').filter((one) => one !== 'all');
  const rights = user === 'fleet' ? ['call', 'user', 'cdr', 'dialplan'] : ['call', 'user', 'cdr'];
  if (!classes.every((one) => rights.includes(one))) return false;
  switch (user) {
    case 'min':
      return true;
    case 'safe':
      return !FORGEABLE.includes(name);
    case 'fleet':
      return FLEET_EVENTS.includes(name) || (name === 'VarSet' && FLEET_VARIABLES.includes(header('Variable') ?? ''));
  }
}
