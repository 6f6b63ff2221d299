/** Names and addresses of recordings. Pure, but for the randomness of a token. */
import { randomBytes } from 'node:crypto';
import { localIso } from '../platform/time-zone.js';
import { isUuid } from '../platform/uuid.js';

/** 192 bits: nobody guesses one. */
export function newToken(): string {
  return randomBytes(24).toString('base64url');
}

export const TOKEN = /^[\w-]{16,64}$/;

/** The system before gave out UUIDs and nothing else; its table has no index by them, so no stranger's guess is asked of it. */
export function mayBeOld(token: string): boolean {
  return isUuid(token);
}

/** The file of an address: its token, whatever ending it is asked by. */
export function tokenOf(name: string): string | null {
  const token = name.replace(/\.(mp3|wav)$/i, '');
  return TOKEN.test(token) ? token : null;
}

export function linkTo(publicUrl: string, token: string, format: 'as-is' | 'mp3'): string {
  return `${publicUrl}/${pathOf(token, format === 'mp3' ? '.mp3' : '.wav')}`;
}

/** Below the public address. */
export function pathOf(token: string, ending: string): string {
  return `recordings/file/${token}${ending}`;
}

/** Portals take the kind of a file from its address. */
export function withEnding(link: string, ending: string): string {
  return link.replace(/\.\w+$/, ending === '.mp3' ? '.mp3' : '.wav');
}

const TYPES: Record<string, string> = {
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav',
  '.ogg': 'audio/ogg',
  '.gsm': 'audio/x-gsm',
};

export function endingOf(key: string): string {
  return /\.\w{1,5}$/.exec(key)?.[0].toLowerCase() ?? '';
}

export function contentTypeOf(key: string): string {
  return TYPES[endingOf(key)] ?? 'application/octet-stream';
}

/** `<enterprise>/<year>/<month>/<call>.wav` */
export function keyFor(recording: { enterprise: string; callId: string; startedAt: number }, ending: string): string {
  const date = new Date(recording.startedAt).toISOString();
  // A number of dots would lead elsewhere.
  const enterprise = recording.enterprise.replace(/^\.+/, '_');
  return `${enterprise}/${date.slice(0, 4)}/${date.slice(5, 7)}/${recording.callId}${ending}`;
}

/** As a person finds it among others: `2026-11-28_10-05-17_375290000001.mp3`. */
export function fileNameFor(
  recording: { startedAt: number | null; phone: string | null; externalId: string | null },
  timeZone: string,
  ending: string,
): string {
  const when =
    recording.startedAt === null
      ? ''
      : localIso(recording.startedAt, timeZone).slice(0, 19).replace('T', '_').replaceAll(':', '-');
  const who = (recording.phone ?? recording.externalId ?? '').replace(/[^\w.-]/g, '').slice(0, 40);
  return `${[when, who].filter((part) => part !== '').join('_') || 'recording'}${ending}`;
}

/** Programs that fetch an address somebody wrote into a chat, to show what is there: nobody listens. */
const PREVIEWS =
  /telegrambot|whatsapp|facebookexternalhit|facebot|viber|slackbot|slack-imgproxy|discordbot|twitterbot|linkedinbot|skypeuripreview|microsoftpreview|vkshare|vkrobot|pinterest|redditbot|embedly|iframely|bingpreview|googlebot|yandexbot|applebot|linkpreview/i;

export function isPreview(userAgent: string | undefined): boolean {
  return userAgent !== undefined && PREVIEWS.test(userAgent);
}
