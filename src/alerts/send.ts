/** A message of all notices that wait for one chat or one address, and what becomes of them. */
import type { Logger } from '../platform/log.js';
import type { Channel } from './kinds.js';
import type { ClaimedNotice } from './notices-store.js';
import { claimNotices, noticesFailed, noticesSent } from './notices-store.js';
import type { Message, Send, Sent, Whom } from './ports.js';
import { channelsOf } from './settings.js';
import type { Pool } from './store.js';
import { messageText, testText } from './texts.js';
import type { Told } from './texts.js';

export interface SenderDeps {
  pool: Pool;
  log: Logger;
  send: Send;
  titleOf(type: string): string;
  count(channel: Channel, outcome: 'sent' | 'failed' | 'given-up'): void;
}

/** More than ever waits; one message holds all of a chat. */
const CLAIM = 500;
const RETRY_MS = { first: 30_000, most: 15 * 60_000 };
const GIVE_UP_MS = 86_400_000;
const ANSWER_MS = 10_000;

/** Sends what is due; resolves when each has been noted. */
export async function sendDue(deps: SenderDeps, whom: (scope: string) => Whom, signal: AbortSignal): Promise<number> {
  const claimed = await claimNotices(deps.pool, CLAIM);
  const groups = new Map<string, ClaimedNotice[]>();
  for (const notice of claimed) {
    const key = `${notice.channel}/${notice.scope}`;
    groups.set(key, [...(groups.get(key) ?? []), notice]);
  }
  await Promise.all([...groups.values()].map((group) => sendGroup(deps, whom, group, signal)));
  return groups.size;
}

async function sendGroup(
  { pool, log, send, titleOf, count }: SenderDeps,
  whom: (scope: string) => Whom,
  group: readonly ClaimedNotice[],
  signal: AbortSignal,
): Promise<void> {
  const [{ scope, channel } = { scope: '', channel: 'webhook' as const }] = group;
  const to = whom(scope);
  const ids = group.map(({ id }) => id);
  const told = group.map((notice): Told => ({ ...notice, subject: titleOf(notice.subject) }));
  const message: Message = {
    text: messageText(told, to.settings.language),
    json: { source: 'trunkline', alerts: group.map((notice, i) => webhookAlert(notice, told[i]?.subject ?? '')) },
  };
  const isSetUp = channelsOf(to.settings, to.secrets).includes(channel);
  const sent: Sent = isSetUp
    ? await answered(send, channel, to, message, signal)
    : { why: 'the channel was taken out of the settings' };
  if (sent === null) {
    count(channel, 'sent');
    log.info({ scope, channel, alerts: ids.length }, 'alerts were told');
    return noticesSent(pool, ids);
  }
  // A stop has cut it off: the next run sends it.
  if (signal.aborted) return;
  const attempts = Math.max(...group.map((notice) => notice.attempts));
  const isOver = !isSetUp || group.every(({ ageMs }) => ageMs > GIVE_UP_MS);
  const waitMs = Math.max(sent.afterMs ?? 0, Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** (attempts - 1)));
  const fields = { scope, channel, alerts: ids.length, attempts, why: sent.why };
  if (isOver) log.error(fields, 'alerts could not be told and are given up');
  else log.warn({ ...fields, againInMs: waitMs }, 'alerts could not be told and are tried again');
  count(channel, isOver ? 'given-up' : 'failed');
  await noticesFailed(pool, ids, sent.why, isOver ? null : waitMs);
}

/** A test to each channel that is set up: what came of each. */
export async function sendTest(
  send: Send,
  whom: Whom,
  signal: AbortSignal,
): Promise<{ channel: Channel; why: string | null }[]> {
  const text = testText(whom.settings.language);
  const message: Message = { text, json: { source: 'trunkline', test: true, alerts: [] } };
  return Promise.all(
    channelsOf(whom.settings, whom.secrets).map(async (channel) => ({
      channel,
      why: (await answered(send, channel, whom, message, signal))?.why ?? null,
    })),
  );
}

async function answered(
  send: Send,
  channel: Channel,
  whom: Whom,
  message: Message,
  signal: AbortSignal,
): Promise<Sent> {
  try {
    return await send(channel, whom, message, AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]));
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

function webhookAlert(notice: ClaimedNotice, title: string): Record<string, unknown> {
  const { id, alertId, what, enterprise, kind, subject, level, detail, beganAt, endedAt } = notice;
  return {
    ...{ notice: id, alert: alertId, what, enterprise, kind, subject, title, level, detail },
    began_at: beganAt.toISOString(),
    ended_at: endedAt?.toISOString() ?? null,
  };
}
