/**
 * What the AMI user may. `ListCommands` names the actions its `write=` allows; its `read=` is told by the console alone
 * (`manager show user`), where the user may give commands and the transport can read the answer.
 */
import { TrunklineError } from '../platform/errors.js';
import type { AmiMessage } from './message.js';
import type { ActionHeaders } from './sanitise.js';

export interface AmiRights {
  may(action: string): boolean;
  /** Classes of events; null when that cannot be asked. */
  read: readonly string[] | null;
}

type Act = (name: string, headers?: ActionHeaders) => Promise<AmiMessage>;

/** @returns null when the PBX does not list its actions */
export async function readRights(act: Act, username: string): Promise<AmiRights | null> {
  const listed = await unlessRefused(act('ListCommands'));
  if (!listed) return null;
  const actions = new Set([...listed.entries()].map(([name]) => name.toLowerCase()));
  if (!actions.has('ping')) return null;
  const may = (action: string) => actions.has(action.toLowerCase());
  return { may, read: may('Command') ? await readClasses(act, username) : null };
}

async function readClasses(act: Act, username: string): Promise<string[] | null> {
  // It goes into a console command, where a space would end it.
  if (!/^[\w.@-]+$/.test(username)) return null;
  const shown = await unlessRefused(act('Command', { Command: `manager show user ${username}` }));
  const lines = shown ? [...shown.entries()].map(([name, value]) => `${name}: ${value}`) : [];
  const classes = lines.map((line) => /read perm:\s*([\w,]+)/.exec(line)?.[1]).find((found) => found !== undefined);
  return classes?.split(',') ?? null;
}

/** By the PBX, or not by a transport that cannot read long output. */
const NOT_ASKED = ['AMI_REFUSED', 'AMI_TRANSPORT_CANNOT'];

async function unlessRefused<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof TrunklineError && NOT_ASKED.includes(error.code)) return null;
    throw error;
  }
}
