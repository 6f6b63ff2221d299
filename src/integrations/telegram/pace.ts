/**
 * How often a chat may be written to: Telegram allows about one request a second, and twenty a minute in a group. What is left of
 * a minute belongs to final messages first: edits in between take no more than half of it.
 */
export interface Pace {
  /** 0: now, and it is counted; else how many milliseconds to wait. */
  take(chat: string, final: boolean, now: number): number;
}

export interface PaceLimits {
  perSecond: number;
  perMinuteInGroup: number;
}

const MINUTE_MS = 60_000;
/** Short bursts pass. A little less than allowed is sent: what left here evenly may arrive closer together. */
const BURST = 3;
const MARGIN = 1.15;
/** Chats nobody has written to for so long are forgotten. */
const FORGET_MS = 10 * MINUTE_MS;

export function createPace({ perSecond, perMinuteInGroup }: PaceLimits): Pace {
  const sent = new Map<string, number[]>();
  return {
    take(chat, final, now) {
      forget(sent, now);
      const times = (sent.get(chat) ?? []).filter((at) => at > now - MINUTE_MS);
      const isGroup = chat.startsWith('-') || chat.startsWith('@');
      const most = isGroup ? (final ? perMinuteInGroup : Math.floor(perMinuteInGroup / 2)) : Infinity;
      const burstMs = (BURST * 1_000 * MARGIN) / perSecond;
      const recent = times.filter((at) => at > now - burstMs);
      const waits = [
        recent.length >= BURST ? (recent[recent.length - BURST] as number) + burstMs - now : 0,
        times.length >= most ? (times[times.length - most] as number) + MINUTE_MS - now : 0,
      ];
      const waitMs = Math.max(...waits, 0);
      if (waitMs <= 0) times.push(now);
      sent.set(chat, times);
      return Math.ceil(waitMs);
    },
  };
}

function forget(sent: Map<string, number[]>, now: number): void {
  if (sent.size < 1_000) return;
  for (const [chat, times] of sent) if ((times.at(-1) ?? 0) < now - FORGET_MS) sent.delete(chat);
}
