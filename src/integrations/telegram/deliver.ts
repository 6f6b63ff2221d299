/**
 * One message per call and chat, edited in place: ringing → talking → over.
 *
 * - `message:<chat>` at ringing sends it, silently; at the first answer edits it once; at the end edits it for the last time. With
 *   `ring_missed` a missed call is deleted and sent anew, with sound. So a call is three requests to a chat at most: a second ring of a
 *   cascade and later answers are not shown before the end.
 * - `recording:<chat>` adds the link to the final message, or sends the audio as a reply to it.
 *
 * `refs` hold the message's id (`m:<chat>`), that it has been edited (`e:<chat>`) and that it shows the recording's address (`r:<chat>`). Telegram has no key by which a message is known
 * again: after an attempt whose outcome is unknown a ringing message is not repeated, a final one is, with a warning.
 */
import type { CallEvent } from '../../calls/vocabulary.js';
import { httpUrl } from '../../platform/http-url.js';
import type { Attempt, Failure, Outcome, Plan, Step } from '../contract.js';
import { cardsOf } from '../rules.js';
import { openChat } from './chat.js';
import type { Chat, Written } from './chat.js';
import type { TelegramClient } from './client.js';
import type { Memory } from './memory.js';
import type { Pace } from './pace.js';
import type { TelegramSettings } from './settings.js';
import { textOf } from './texts.js';
import type { Names } from './texts.js';

export function plan(event: CallEvent, settings: TelegramSettings): Plan {
  const open = settings.chats.filter((chat) => settings.chats_off[chat] === undefined);
  if (open.length === 0) return { why: `no chat takes messages: ${Object.values(settings.chats_off)[0] ?? ''}` };
  const each = (name: string, rest: Omit<Step, 'step'>): Step[] =>
    open.map((chat) => ({ step: `${name}:${chat}`, ...rest }));
  switch (event.kind) {
    case 'call.ringing':
      if (cardsOf(event, settings).length === 0) return { why: 'nobody who rings wants to be told before the end' };
      return each('message', { class: 'perishable', latest: true });
    case 'call.answered':
      return settings.cards === 'never' && Object.keys(settings.extension_cards).length === 0
        ? []
        : each('message', { class: 'perishable', latest: true });
    case 'call.finished':
      return [
        ...each('message', {
          class: 'durable',
          ...(settings.recording === 'link' ? { recording: 'linked' as const } : {}),
        }),
        ...(settings.recording === 'audio' && addressIn(event.call.recordingFile) !== null
          ? each('recording', { class: 'durable' })
          : []),
      ];
    case 'recording.ready':
      return settings.recording === 'none' ? [] : each('recording', { class: 'durable' });
    case 'call.started':
    case 'call.transferred':
      return [];
  }
}

export interface Context {
  settings: TelegramSettings;
  client: TelegramClient;
  memory: Memory;
  pace: Pace;
  names: Omit<Names, 'recordingUrl' | 'clientName'>;
  /** As another CRM of the enterprise knows him. */
  clientName(phone: string): Promise<string | null>;
}

interface Work {
  event: CallEvent;
  chat: string;
  attempt: Attempt;
  context: Context;
  /** Of the message in this chat; null before it was sent. */
  id: string | null;
  /** The client's name, kept with the call once it is known (`n`). */
  clientName: string | null;
  to: Chat;
  /** Waits its turn, then asks; the outcome when it must wait. */
  paced(final: boolean): Outcome | null;
}

export async function deliver(step: string, event: CallEvent, attempt: Attempt, context: Context): Promise<Outcome> {
  const colon = step.indexOf(':');
  const [what, chat] = [step.slice(0, colon), step.slice(colon + 1)];
  const { client, memory, pace, settings } = context;
  const off = memory.whyOff(chat);
  if (off !== null) return { kind: 'skipped', why: `this chat is switched off: ${off}` };
  const work: Work = {
    event,
    chat,
    attempt,
    context,
    id: attempt.refs[`m:${chat}`] ?? null,
    clientName: settings.client_name ? await nameOfClient(event, attempt, context) : null,
    to: openChat(chat, client, memory, attempt.signal),
    paced(final) {
      const waitMs = pace.take(memory.addressOf(chat), final, performance.now());
      const why = 'rate budget: this chat is written to as often as Telegram allows';
      return waitMs > 0 ? { kind: 'retry', code: 'RATE_BUDGET', why, afterMs: waitMs } : null;
    },
  };
  if (what === 'recording') return recording(work);
  if (what !== 'message') throw new Error(`Telegram has no step ${step}`);
  return event.kind === 'call.finished' ? final(work) : before(work);
}

/** History is not worth a question: a recovered call names its client by his number. */
async function nameOfClient({ call }: CallEvent, { refs }: Attempt, context: Context): Promise<string | null> {
  if (refs['n'] !== undefined) return refs['n'];
  return call.external === null || call.recovered ? null : context.clientName(call.external);
}

/** Ringing and talking. */
async function before(work: Work): Promise<Outcome> {
  const { event, attempt, context, id, to, chat, clientName } = work;
  const html = textOf(event, { ...context.names, clientName, recordingUrl: null });
  const known: Record<string, string> = clientName === null ? {} : { n: clientName };
  if (id === null) {
    if (cardsOf(event, context.settings).length === 0)
      return { kind: 'skipped', why: 'no message stands in the chat yet' };
    if (attempt.afterUnknown) return { kind: 'skipped', why: 'it may stand in the chat already, and nothing tells' };
    return work.paced(false) ?? outcomeOf(await to.send(html, { silent: true }), chat, known);
  }
  if (event.kind !== 'call.answered')
    return { kind: 'skipped', why: 'the message of this call stands in the chat already' };
  if (attempt.refs[`e:${chat}`]) return { kind: 'skipped', why: 'edited once already; the end will show the rest' };
  if (work.paced(false)) return { kind: 'skipped', why: 'rate budget: edits give way to final messages' };
  const edited = await to.edit(id, html);
  if (!edited.ok && edited.gone) return { kind: 'skipped', why: 'somebody has deleted the message' };
  return outcomeOf(edited, chat, { ...known, [`e:${chat}`]: '1' });
}

async function final(work: Work): Promise<Outcome> {
  const { event, attempt, context, id, to, chat, clientName } = work;
  const { settings } = context;
  const wait = work.paced(true);
  if (wait) return wait;
  const { call } = event;
  const url = settings.recording === 'link' ? addressIn(call.recordingFile) : null;
  const html = textOf(event, { ...context.names, clientName, recordingUrl: url });
  const shown: Record<string, string> = url === null ? {} : { [`r:${chat}`]: '1' };
  const rings = settings.ring_missed && call.direction === 'in' && call.result !== 'answered' && !call.recovered;
  const warnings: string[] = [];
  const removed = id !== null && rings ? await to.remove(id) : null;
  if (removed && !removed.ok && !removed.gone && !mayNotRemove(removed.failure)) return removed.failure;
  if (id !== null && (!rings || removed?.ok === false)) {
    const edited = await to.edit(id, html);
    if (edited.ok || !edited.gone) return outcomeOf(edited, chat, shown);
    warnings.push('the message of this call was gone: sent anew');
  }
  if (attempt.afterUnknown)
    warnings.push('an earlier attempt may have been delivered: this message may stand there twice');
  if (id === null && attempt.card === 'unknown') warnings.push('a ringing message may stand in the chat as it was');
  return outcomeOf(await to.send(html, { silent: !rings }), chat, shown, warnings);
}

async function recording(work: Work): Promise<Outcome> {
  const { event, attempt, context, id, to, chat, clientName } = work;
  const { call } = event;
  const url = addressIn(event.kind === 'recording.ready' ? event.file : call.recordingFile);
  if (url === null) return { kind: 'skipped', why: 'the recording has no address Telegram could fetch it from' };
  if (context.settings.recording === 'link' && attempt.refs[`r:${chat}`])
    return { kind: 'skipped', why: 'the message shows the address already' };
  const wait = work.paced(true);
  if (wait) return wait;
  const link = async (): Promise<Outcome> => {
    if (id === null) return { kind: 'skipped', why: 'no message of this call stands in the chat' };
    const edited = await to.edit(id, textOf(event, { ...context.names, clientName, recordingUrl: url }));
    return !edited.ok && edited.gone
      ? { kind: 'skipped', why: 'the message of this call is gone' }
      : outcomeOf(edited, chat);
  };
  if (context.settings.recording === 'link') return link();
  // Nothing tells whether the sound stands there already: the message shows where it is heard.
  if (attempt.afterUnknown && id !== null) return link();
  const sent = await to.audio(toFetch(url), id, call.externalId);
  // Telegram could not fetch it, or the bot may send none: whoever reads the message may hear it.
  if (!sent.ok && !sent.gone && /url|file|content|rights/i.test(sent.failure.why) && sent.failure.kind === 'rejected')
    return link();
  return sent.ok ? { kind: 'accepted' } : outcomeOf(sent, chat);
}

/** Then the message is edited where it stands, and nobody's phone rings. */
function mayNotRemove({ kind, why }: Failure): boolean {
  return kind === 'rejected' && /rights/i.test(why);
}

function outcomeOf(
  written: Written,
  chat: string,
  refs: Record<string, string> = {},
  warnings: readonly string[] = [],
): Outcome {
  if (written.ok) {
    const all = { ...(written.id === null ? {} : { [`m:${chat}`]: written.id }), ...refs };
    return { kind: 'accepted', refs: all, ...(warnings.length > 0 ? { warnings: [...warnings] } : {}) };
  }
  const gone: Failure = { kind: 'rejected', code: 'GONE', why: 'the message is gone' };
  return written.gone ? gone : written.failure;
}

/** Telegram fetches a file by the program that makes previews, which our addresses refuse unless they are told so. */
function toFetch(url: string): string {
  return /\/recordings\/file\/[\w-]+\.\w+$/.test(url) ? `${url}?fetch=1` : url;
}

/** As it was written: Telegram reads it itself. */
function addressIn(text: string | null): string | null {
  return httpUrl(text) === null ? null : text;
}
