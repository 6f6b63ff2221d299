import type { LiveChannel } from '../calls/facts.js';
import type { AmiMessage } from './message.js';
import { AmiRefusal } from './pending.js';
import type { AmiSession } from './session.js';
import { statusToLiveChannel } from './translate.js';

type Asking = Pick<AmiSession, 'action' | 'list'>;

/**
 * Every channel alive on the PBX. `Status` needs only `write=call`; `CoreShowChannels` adds what began meanwhile, where the
 * AMI user may ask it. Null when the user may ask neither. Other failures are thrown.
 */
export async function readLiveChannels(session: Asking): Promise<LiveChannel[] | null> {
  const status = await unlessRefused(session.list('Status'));
  const core = await unlessRefused(session.list('CoreShowChannels'));
  if (!status && !core) return null;
  // A caller can put another call's uid into the row of his own channel, never another channel's name.
  const byName = new Map<string, LiveChannel>();
  for (const row of [...rowsOf(status, 'Status'), ...rowsOf(core, 'CoreShowChannel')]) {
    const channel = statusToLiveChannel(row);
    if (!byName.has(channel.name)) byName.set(channel.name, channel);
  }
  return [...byName.values()];
}

/** One channel asked for by its unique id: alive, gone, or `unknown` when the AMI user may not ask. */
export async function readChannel(session: Asking, uid: string): Promise<LiveChannel | 'gone' | 'unknown'> {
  try {
    const rows = rowsOf(await session.list('Status', { Channel: uid }), 'Status');
    const row = rows.find((one) => one.get('Uniqueid') === uid);
    return row ? statusToLiveChannel(row) : 'gone';
  } catch (error) {
    if (!(error instanceof AmiRefusal)) throw error;
    return /no such channel/i.test(error.reply) ? 'gone' : 'unknown';
  }
}

/** When Asterisk was started, as it words it; null when the AMI user may not ask. Another answer means a restart. */
export async function readStartup(session: Asking): Promise<string | null> {
  const status = await unlessRefused(session.action('CoreStatus'));
  const date = status?.get('CoreStartupDate');
  const time = status?.get('CoreStartupTime');
  return date !== undefined && time !== undefined ? `${date} ${time}` : null;
}

/** A row whose unique id is missing was cut by what a caller sent. */
function rowsOf(rows: readonly AmiMessage[] | null, event: string): AmiMessage[] {
  return (rows ?? []).filter((row) => row.name === event && row.get('Uniqueid') && row.get('Channel'));
}

async function unlessRefused<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof AmiRefusal) return null;
    throw error;
  }
}
