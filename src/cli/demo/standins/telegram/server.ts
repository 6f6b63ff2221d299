/**
 * The Bot API as far as notices go, strict: token first, then method, chat, right, text. It keeps what people see: the messages of
 * each chat as they stand, and how often they made a sound. Its limits are the real ones unless told otherwise.
 */
import { startStandInServer } from '../server.js';
import type { StandInAnswer, StandInRequest, StandInServer } from '../server.js';
import { parseHtml } from './html.js';

export interface StandInMessage {
  id: number;
  chat: string;
  /** As a person reads it. */
  text: string;
  links: string[];
  audio: string | null;
  replyTo: number | null;
  thread: number | null;
  edits: number;
  silent: boolean;
}

export interface TelegramStandInOptions {
  port?: number;
  /** Tokens of bots there are; default `1:abc`. */
  bots?: string[];
  /** Chats the bots may write to; default `-100`. */
  chats?: string[];
  /** Requests of one chat; default 3 in 3 s and, in a group, 20 a minute. 0: no limit. */
  perChatPer3s?: number;
  perGroupPerMinute?: number;
}

export class TelegramState {
  readonly messages: StandInMessage[] = [];
  /** Sounds people heard, by chat. */
  readonly sounds: Record<string, number> = {};
  /** Requests that reached a chat, by chat. */
  readonly requests: Record<string, number> = {};
  readonly chats: Set<string>;
  /** Old id → new id of a group that became a supergroup. */
  readonly moved = new Map<string, string>();
  /** Why a chat takes nothing: `Forbidden: bot was kicked from the group chat`. */
  readonly closed = new Map<string, string>();
  /** Addresses of recordings that cannot be fetched. */
  readonly unreachable = new Set<string>();

  constructor(chats: string[]) {
    this.chats = new Set(chats);
  }

  in(chat: string): StandInMessage[] {
    return this.messages.filter((message) => message.chat === chat);
  }
}

export interface TelegramStandIn extends StandInServer {
  state: TelegramState;
}

const LONGEST = 4096;

export async function startTelegramStandIn(options: TelegramStandInOptions = {}): Promise<TelegramStandIn> {
  const state = new TelegramState(options.chats ?? ['-100']);
  const bots = new Set(options.bots ?? ['1:abc']);
  const { perChatPer3s = 3, perGroupPerMinute = 20 } = options;
  const times = new Map<string, number[]>();
  let nextId = 10;

  function answer(request: StandInRequest): StandInAnswer {
    const path = /^\/bot([^/]+)\/(\w+)$/.exec(request.path);
    if (!path) return no(404, 'Not Found');
    const [, token = '', method = ''] = path;
    if (!/^[1-9]\d*:[\w-]+$/.test(token) || token.length > 80) return no(401, 'Unauthorized: invalid token specified');
    if (!bots.has(token)) return no(401, 'Unauthorized');
    const body = parametersOf(request);
    switch (method.toLowerCase()) {
      case 'getme':
        return yes({ id: 1, is_bot: true, first_name: 'Bot', username: 'example_bot' });
      case 'getchat':
        return inChat(body, request.at, (chat) => yes({ id: Number(chat), type: 'group', title: 'Sales' }), false);
      case 'sendmessage':
        return inChat(body, request.at, (chat) => send(chat, body));
      case 'editmessagetext':
        return inChat(body, request.at, (chat) => edit(chat, body));
      case 'deletemessage':
        return inChat(body, request.at, (chat) => remove(chat, body));
      case 'sendaudio':
        return inChat(body, request.at, (chat) => sound(chat, body, 'audio'));
      case 'senddocument':
        return inChat(body, request.at, (chat) => sound(chat, body, 'document'));
      default:
        return no(404, 'Not Found: method not found');
    }
  }

  function inChat(
    body: Record<string, unknown>,
    at: number,
    act: (chat: string) => StandInAnswer,
    counts = true,
  ): StandInAnswer {
    const chat = String(body['chat_id'] ?? '');
    if (chat === '') return no(400, 'Bad Request: chat_id is empty');
    const moved = state.moved.get(chat);
    if (moved !== undefined) {
      const text = 'Bad Request: group chat was upgraded to a supergroup chat';
      return no(400, text, { migrate_to_chat_id: Number(moved) });
    }
    const closed = state.closed.get(chat);
    if (closed !== undefined) return no(403, closed);
    if (!state.chats.has(chat)) return no(400, 'Bad Request: chat not found');
    if (counts) {
      const waitMs = over(chat, at);
      if (waitMs > 0) {
        const seconds = Math.ceil(waitMs / 1_000);
        return {
          ...no(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds }),
          headers: { 'retry-after': String(seconds) },
        };
      }
      state.requests[chat] = (state.requests[chat] ?? 0) + 1;
    }
    return act(chat);
  }

  /** How long until this chat may be written to; 0: now, and it is counted. */
  function over(chat: string, now: number): number {
    const known = (times.get(chat) ?? []).filter((at) => at > now - 60_000);
    const recent = known.filter((at) => at > now - 3_000);
    if (perChatPer3s > 0 && recent.length >= perChatPer3s) return (recent.at(-perChatPer3s) as number) + 3_000 - now;
    if (perGroupPerMinute > 0 && chat.startsWith('-') && known.length >= perGroupPerMinute)
      return (known.at(-perGroupPerMinute) as number) + 60_000 - now;
    times.set(chat, [...known, now]);
    return 0;
  }

  function textIn(body: Record<string, unknown>): { text: string; links: string[] } | StandInAnswer {
    const { text, parse_mode: mode } = body;
    if (typeof text !== 'string' || text.trim() === '') return no(400, 'Bad Request: message text is empty');
    const parsed = mode === 'HTML' ? parseHtml(text) : { ok: true as const, text, links: [] };
    if (!parsed.ok) return no(400, parsed.why);
    if (parsed.text.length > LONGEST) return no(400, 'Bad Request: message is too long');
    return parsed;
  }

  function send(chat: string, body: Record<string, unknown>): StandInAnswer {
    const parsed = textIn(body);
    if ('status' in parsed) return parsed;
    return stored(chat, body, { text: parsed.text, links: parsed.links, audio: null });
  }

  function sound(chat: string, body: Record<string, unknown>, what: 'audio' | 'document'): StandInAnswer {
    const { [what]: url, caption = '' } = body;
    if (typeof url !== 'string' || !URL.canParse(url)) return no(400, 'Bad Request: wrong HTTP URL specified');
    if (state.unreachable.has(url)) return no(400, 'Bad Request: failed to get HTTP URL content');
    if (String(caption).length > 1024) return no(400, 'Bad Request: message caption is too long');
    return stored(chat, body, { text: String(caption), links: [], audio: url });
  }

  function stored(
    chat: string,
    body: Record<string, unknown>,
    what: Pick<StandInMessage, 'text' | 'links' | 'audio'>,
  ): StandInAnswer {
    const reply = body['reply_parameters'] as { message_id?: number } | undefined;
    const message: StandInMessage = {
      id: (nextId += 1),
      chat,
      ...what,
      replyTo: reply?.message_id ?? null,
      thread: typeof body['message_thread_id'] === 'number' ? body['message_thread_id'] : null,
      edits: 0,
      silent: body['disable_notification'] === true,
    };
    state.messages.push(message);
    if (!message.silent) state.sounds[chat] = (state.sounds[chat] ?? 0) + 1;
    return yes(
      { message_id: message.id, date: 0, chat: { id: Number(chat) }, text: message.text },
      `message in ${chat}: ${message.text.split('\n')[0]}`,
    );
  }

  const find = (chat: string, body: Record<string, unknown>) =>
    state.messages.findIndex((message) => message.chat === chat && message.id === body['message_id']);

  function edit(chat: string, body: Record<string, unknown>): StandInAnswer {
    const message = state.messages[find(chat, body)];
    if (!message) return no(400, 'Bad Request: message to edit not found');
    const parsed = textIn(body);
    if ('status' in parsed) return parsed;
    if (parsed.text === message.text && parsed.links.join() === message.links.join()) {
      const exactly =
        'specified new message content and reply markup are exactly the same as a current content and reply markup of the message';
      return no(400, `Bad Request: message is not modified: ${exactly}`);
    }
    Object.assign(message, { text: parsed.text, links: parsed.links, edits: message.edits + 1 });
    return yes({ message_id: message.id }, `message in ${chat} now: ${message.text.split('\n')[0]}`);
  }

  function remove(chat: string, body: Record<string, unknown>): StandInAnswer {
    const at = find(chat, body);
    if (at < 0) return no(400, 'Bad Request: message to delete not found');
    state.messages.splice(at, 1);
    return yes(true, `message in ${chat} deleted`);
  }

  const server = await startStandInServer({ ...(options.port ? { port: options.port } : {}), answer });
  return { ...server, state };
}

function parametersOf(request: StandInRequest): Record<string, unknown> {
  const fields: Record<string, unknown> = Object.fromEntries(request.query);
  if ((request.headers['content-type'] ?? '').startsWith('application/json')) {
    try {
      return { ...fields, ...(JSON.parse(request.body) as object) };
    } catch {
      return fields;
    }
  }
  return { ...fields, ...Object.fromEntries(new URLSearchParams(request.body)) };
}

function yes(result: unknown, effect = ''): StandInAnswer {
  return { status: 200, body: { ok: true, result }, effect };
}

function no(status: number, description: string, parameters?: object): StandInAnswer {
  const body = { ok: false, error_code: status, description, ...(parameters ? { parameters } : {}) };
  return { status, body, effect: `refused: ${description}` };
}
