import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallEvent, CallFacts } from '../../../src/calls/vocabulary.js';
import type { ConnectionDeps } from '../../../src/integrations/contract.js';
import { telegram } from '../../../src/integrations/telegram/index.js';
import { startTelegramStandIn } from '../../standins/telegram/server.js';
import type { TelegramStandIn } from '../../standins/telegram/server.js';
import { attempt, connectLive, deliverAll, freshMemory } from '../delivering.js';
import type { Live } from '../delivering.js';
import { aCall, eventsOf } from '../example-calls.js';

let there: TelegramStandIn;
const lives: Live[] = [];
const kept: Record<string, unknown>[] = [];

beforeEach(async () => {
  there = await startTelegramStandIn({ chats: ['-100', '-200', '55'] });
});
afterEach(async () => {
  kept.length = 0;
  for (const live of lives.splice(0)) await live.close();
  await there.stop();
});

const NAMES: Record<string, string> = { '151': 'Анна <Петрова>' };

function connect(changes: Record<string, unknown> = {}, deps: Partial<ConnectionDeps> = {}): Live {
  const raw = { enabled: true, api_url: there.url, bot_token: '1:abc', chat_id: '-100', ...changes };
  const live = connectLive(telegram, raw, {
    nameOf: (extension) => NAMES[extension] ?? null,
    lineName: (line) => (line === '+375170000000' ? 'Основная линия' : null),
    keepSecrets: (fields) => {
      kept.push(structuredClone(fields));
      return Promise.resolve();
    },
    ...deps,
  });
  lives.push(live);
  return live;
}

/** All events of a call that rang 151 and 152 and was taken by 151, or by nobody. */
function story(
  result: 'answered' | 'missed' | 'busy' | 'failed' | 'abandoned',
  facts: Partial<CallFacts> = {},
): CallEvent[] {
  const { ringing, finished } = eventsOf(aCall(facts), result, '151');
  const answered: CallEvent = { ...ringing, kind: 'call.answered', seq: 3, extension: '151' };
  return result === 'answered' ? [ringing, answered, finished] : [ringing, finished];
}
const shown = (chat = '-100') => there.state.in(chat).map(({ text }) => text.split('\n'));
const methods = () => there.exchanges.map(({ path }) => path.split('/').at(-1));

describe('a call is one message', () => {
  it('that rings, then talks, then is over: three requests, and no sound', async () => {
    const [ringing, answered, finished] = story('answered') as [CallEvent, CallEvent, CallEvent];
    const live = connect();
    const memory = freshMemory();
    await deliverAll(telegram, live, [ringing], memory);
    expect(shown()).toEqual([
      ['📞 Входящий звонок', '💰+375 (29) 000-00-01 ➡️', '☎️Анна <Петрова> (151)', '☎️152', '📡Основная линия'],
    ]);
    await deliverAll(telegram, live, [answered], memory);
    expect(shown()).toEqual([
      ['🔗 Идет входящий разговор', '💰+375 (29) 000-00-01📞 ➡️ ☎️Анна <Петрова> (151)', '📡Основная линия'],
    ]);
    await deliverAll(telegram, live, [finished], memory);
    expect(shown()).toEqual([
      [
        '✅Успешный входящий звонок',
        '💰+375 (29) 000-00-01',
        '☎️Анна <Петрова> (151)',
        '📡Основная линия',
        '⏰Начало звонка 12:00',
        '⌛ Длительность: 01:05',
      ],
    ]);
    expect(methods()).toEqual(['sendMessage', 'editMessageText', 'editMessageText']);
    expect(there.state.sounds).toEqual({});
  });

  it('is edited once more when a refusal came in part: what it refused is not known', async () => {
    const [ringing, answered, finished] = story('answered') as [CallEvent, CallEvent, CallEvent];
    await there.stop();
    there = await startTelegramStandIn({ perChatPer3s: 0, perGroupPerMinute: 0 });
    const live = connect({ per_chat: { perSecond: 1_000, perMinuteInGroup: 1_000 } });
    const memory = freshMemory();
    await deliverAll(telegram, live, [ringing, answered, finished], memory);
    there.faults.next(1, { kind: 'truncated-json' });
    const [cut] = await deliverAll(telegram, live, [finished], memory);
    expect(cut).toMatchObject({ kind: 'retry', code: 'BAD_ANSWER' });
    expect((await deliverAll(telegram, live, [finished], memory))[0]).toMatchObject({ kind: 'accepted' });
  });

  it('names the client as a CRM knows him, asked once a call, and not of history', async () => {
    const asked: string[] = [];
    const clientName = async (phone: string) => {
      asked.push(phone);
      return 'Иванов <Иван>';
    };
    const live = connect({}, { clientName });
    await deliverAll(telegram, live, story('answered'));
    expect(shown()[0]?.[1]).toBe('💰+375 (29) 000-00-01 (Иванов <Иван>)');
    expect(asked).toEqual(['+375290000001']);
    await deliverAll(telegram, live, story('missed', { recovered: true }));
    await deliverAll(telegram, connect({ client_name: false }, { clientName }), story('missed'));
    expect(asked).toHaveLength(1);
  });

  it('that is sent anew with a sound when it was missed, or edited in silence where settings say so', async () => {
    await deliverAll(telegram, connect(), story('missed'));
    expect(methods()).toEqual(['sendMessage', 'deleteMessage', 'sendMessage']);
    expect(shown()).toEqual([
      [
        '❌Мы не подняли трубку',
        '💰+375 (29) 000-00-01',
        '☎️Анна <Петрова> (151)',
        '☎️152',
        '📡Основная линия',
        '⏰Начало звонка 12:00',
        '⌛ Дозванивался: 00:08',
      ],
    ]);
    expect(there.state.sounds).toEqual({ '-100': 1 });
    await deliverAll(telegram, connect({ ring_missed: false, chat_id: '55' }), story('missed'));
    expect(there.state.sounds).toEqual({ '-100': 1 });
  });

  it.each([
    ['answered', 'Успешный исходящий звонок'],
    ['missed', 'Абонент не поднял трубку'],
    ['busy', 'Абонент занят'],
    ['failed', 'Не удалось дозвониться'],
  ] as const)('outgoing and %s', async (result, headline) => {
    await deliverAll(telegram, connect(), story(result, { direction: 'out', caller: '151', rang: [] }));
    expect(shown()[0]?.slice(0, 3)).toEqual([
      `${result === 'answered' ? '✅' : '❌'}${headline}`,
      '☎️Анна <Петрова> (151)',
      '💰+375 (29) 000-00-01',
    ]);
    expect(there.state.sounds).toEqual({});
  });

  it('in English', async () => {
    await deliverAll(telegram, connect({ language: 'en' }), story('answered'));
    expect(shown()[0]).toContain('✅Incoming call answered');
  });

  it('marked when it was recovered, and otherwise the same, without a ringing one before it', async () => {
    await deliverAll(telegram, connect(), story('missed', { recovered: true }));
    expect(methods()).toEqual(['sendMessage']);
    expect(shown()[0]?.[0]).toBe('❌♻️Мы не подняли трубку');
    expect(there.state.sounds).toEqual({});
  });

  it('with its recording as a link', async () => {
    const [, , finished] = story('answered', { recordingFile: 'https://pbx.example.invalid/r/1.mp3?a=1&b="2"' });
    await deliverAll(telegram, connect(), [finished as CallEvent]);
    expect(there.state.in('-100')).toMatchObject([{ links: ['https://pbx.example.invalid/r/1.mp3?a=1&b="2"'] }]);
    expect(shown()[0]?.at(-1)).toBe('🔉Запись разговора');
  });

  it('that gets the link when the recording is ready only then', async () => {
    const events = story('answered');
    const [, , finished] = events as [CallEvent, CallEvent, CallEvent];
    const ready: CallEvent = {
      ...finished,
      kind: 'recording.ready',
      seq: 6,
      file: 'https://pbx.example.invalid/r/2.mp3',
    };
    await deliverAll(telegram, connect(), [finished, ready]);
    expect(there.state.in('-100')).toMatchObject([{ links: ['https://pbx.example.invalid/r/2.mp3'], edits: 1 }]);
  });

  it('with a recording that is no mp3 as a file, and after a lost answer with the link, not twice', async () => {
    const wav = 'https://example.invalid/recordings/file/0123456789abcdef0123456789abcdef.wav';
    const { finished } = eventsOf(aCall({ recordingFile: wav }), 'answered', '151');
    const [{ connection }, memory] = [connect({ recording: 'audio' }), freshMemory()];
    const sound = { step: 'recording:-100', class: 'durable' } as const;
    await attempt(connection, { step: 'message:-100', class: 'durable' }, finished, memory);
    there.faults.next(1, { kind: 'close-after' });
    expect((await attempt(connection, sound, finished, memory)).kind).toBe('unknown');
    expect(there.exchanges.at(-1)?.path).toMatch(/sendDocument$/);
    const again = await attempt(connection, sound, finished, memory, { number: 2, afterUnknown: true });
    expect(again.kind).toBe('accepted');
    expect(there.state.in('-100')).toMatchObject([{ links: [wav] }, { audio: expect.stringContaining(wav) as string }]);
  });

  it('with its recording as audio, or as a link when Telegram cannot fetch it', async () => {
    const url = 'https://pbx.example.invalid/r/3.mp3';
    const [, , finished] = story('answered', { recordingFile: url }) as [CallEvent, CallEvent, CallEvent];
    await deliverAll(telegram, connect({ recording: 'audio' }), [finished]);
    const [message, audio] = there.state.in('-100');
    expect(audio).toMatchObject({ audio: url, replyTo: message?.id, silent: true });
    there.state.unreachable.add(url);
    await deliverAll(telegram, connect({ recording: 'audio', chat_id: '55' }), [finished]);
    expect(there.state.in('55')).toMatchObject([{ links: [url] }]);
  });

  it('whose ten managers are folded away', async () => {
    const rang = Array.from({ length: 10 }, (_, index) => String(151 + index));
    await deliverAll(telegram, connect(), story('missed', { rang }));
    expect(shown()[0]).toContain('👨🏼‍💼Менеджеры (10):');
  });

  it('of a caller without a number', async () => {
    await deliverAll(telegram, connect(), story('missed', { external: null, line: '0001363' }));
    expect(shown()[0]).toEqual(expect.arrayContaining(['💰Номер скрыт', '📡Линия: 0001363']));
  });

  it('that no text from outside breaks', async () => {
    const external = `<b>&amp;"'\u0000\ud800 ${'😀'.repeat(300)}`;
    await deliverAll(telegram, connect(), story('answered', { external, line: '</a><script>', rang: ['1&2<'] }));
    expect(there.exchanges.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(shown()[0]?.[1]).toMatch(/^💰<b>&amp;"'/);
  });
});

describe('fewer requests', () => {
  it('a cascade and a second answer are not told before the end', async () => {
    const [ringing, answered, finished] = story('answered') as [CallEvent, CallEvent, CallEvent];
    const again: CallEvent[] = [
      { ...ringing, seq: 4 },
      { ...answered, seq: 5 },
    ];
    await deliverAll(telegram, connect(), [ringing, answered, ...again, { ...finished, seq: 6 }]);
    expect(methods()).toEqual(['sendMessage', 'editMessageText', 'editMessageText']);
  });

  it('a chat that is written to as often as it may be loses edits first, and no final message', async () => {
    const live = connect();
    const calls = Array.from({ length: 4 }, () => ({ events: story('answered'), memory: freshMemory() }));
    const outcomes = [];
    for (const { events, memory } of calls)
      outcomes.push(...(await deliverAll(telegram, live, events.slice(0, 2), memory)));
    expect(there.exchanges.filter(({ status }) => status === 429)).toEqual([]);
    expect(outcomes.filter(({ kind }) => kind === 'skipped').length).toBeGreaterThan(0);
    for (const { events, memory } of calls) {
      const [outcome] = await deliverAll(telegram, live, events.slice(2), memory);
      // Not now, but as soon as it may be.
      expect(outcome).toMatchObject({ kind: 'retry', code: 'RATE_BUDGET', afterMs: expect.any(Number) as number });
    }
  });

  it('nothing before the end where cards are never wanted, nothing at ringing where they are at the answer', async () => {
    await deliverAll(telegram, connect({ cards: 'never' }), story('answered'));
    expect(methods()).toEqual(['sendMessage']);
    await deliverAll(telegram, connect({ cards: 'answer', chat_id: '55' }), story('answered'));
    expect(there.state.in('55')).toMatchObject([{ edits: 1 }]);
    expect(methods().slice(1)).toEqual(['sendMessage', 'editMessageText']);
  });
});

describe('several chats', () => {
  it('each has its message; also those subscribed through the old system', async () => {
    await deliverAll(telegram, connect({ chat_id: ['-100', '-200'], subscribers: ['55', '-100'] }), story('answered'));
    expect(['-100', '-200', '55'].map((chat) => there.state.in(chat).length)).toEqual([1, 1, 1]);
  });

  it('one that was closed is switched off with its reason, and the others go on', async () => {
    there.state.closed.set('-100', 'Forbidden: bot was kicked from the group chat');
    const live = connect({ chat_id: '-100, -200' });
    const outcomes = await deliverAll(telegram, live, story('missed'));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['rejected', 'accepted', 'skipped', 'accepted']);
    expect(outcomes[0]).not.toHaveProperty('config', true);
    expect(kept).toEqual([{ chats_off: { '-100': expect.stringContaining('kicked') as string } }]);
    expect(shown('-200')).toHaveLength(1);
    // As the settings then say.
    const after = connect({ chat_id: '-100', ...kept[0] });
    expect(telegram.plan(story('missed')[0] as CallEvent, after.settings)).toEqual({
      why: expect.stringContaining('kicked') as string,
    });
  });

  it('a good test switches it on again', async () => {
    const live = connect({ chats_off: { '-100': 'Forbidden: bot was kicked from the group chat' } });
    expect(await live.connection.check(AbortSignal.timeout(5_000))).toEqual({
      ok: true,
      account: '@example_bot',
      warnings: [],
    });
    expect(kept).toEqual([{ chats_off: {} }]);
  });

  it('a group that became a supergroup is followed, in the middle of a call too', async () => {
    const [ringing, , finished] = story('answered') as [CallEvent, CallEvent, CallEvent];
    const live = connect({ chat_id: '-500' });
    there.state.moved.set('-500', '-100');
    const memory = freshMemory();
    await deliverAll(telegram, live, [ringing], memory);
    await deliverAll(telegram, live, [finished], memory);
    expect(shown()).toHaveLength(1);
    expect(kept).toEqual([{ moved_chats: { '-500': '-100' } }]);
    // Asked at the old place once only.
    expect(there.exchanges).toHaveLength(3);
    await deliverAll(telegram, connect({ chat_id: '-500', ...kept[0] }), [finished]);
    expect(there.exchanges).toHaveLength(4);
  });
});

describe('what Telegram answers', () => {
  const FINAL = { step: 'message:-100', class: 'durable' } as const;
  const finished = () => story('answered')[2] as CallEvent;

  it('429 makes the whole bot wait as long as it says', async () => {
    const body =
      '{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}';
    there.faults.next(1, { kind: 'status', status: 429, body });
    expect(await attempt(connect().connection, FINAL, finished(), freshMemory())).toMatchObject({
      kind: 'retry',
      afterMs: 7_000,
      pauseLane: true,
    });
  });

  it('tags it does not understand are taken away', async () => {
    const body = `{"ok":false,"error_code":400,"description":"Bad Request: can't parse entities: Unsupported start tag"}`;
    there.faults.next(1, { kind: 'status', status: 400, body });
    expect((await attempt(connect().connection, FINAL, finished(), freshMemory())).kind).toBe('accepted');
    expect(shown()[0]?.[0]).toBe('✅Успешный входящий звонок');
  });

  it('a message that somebody deleted is sent anew at the end', async () => {
    const [ringing, , final] = story('answered') as [CallEvent, CallEvent, CallEvent];
    const live = connect();
    const memory = freshMemory();
    await deliverAll(telegram, live, [ringing], memory);
    there.state.messages.length = 0;
    const [outcome] = await deliverAll(telegram, live, [final], memory);
    expect(outcome).toMatchObject({ kind: 'accepted', warnings: [expect.stringContaining('anew')] });
    expect(shown()).toHaveLength(1);
  });

  it('a final edit that is repeated changes nothing', async () => {
    const live = connect();
    const memory = freshMemory();
    await deliverAll(telegram, live, story('answered').slice(0, 1), memory);
    const final = finished();
    for (let time = 0; time < 2; time += 1)
      expect((await attempt(live.connection, FINAL, final, memory)).kind).toBe('accepted');
    expect(shown()).toHaveLength(1);
  });

  it('after an unknown outcome a ringing message is not repeated, a final one is, with a warning', async () => {
    const live = connect();
    const [ringing, , final] = story('answered') as [CallEvent, CallEvent, CallEvent];
    const memory = freshMemory();
    there.faults.next(1, { kind: 'close-after' });
    const step = { step: 'message:-100', class: 'perishable' } as const;
    expect((await attempt(live.connection, step, ringing, memory)).kind).toBe('unknown');
    expect((await attempt(live.connection, step, ringing, memory, { afterUnknown: true })).kind).toBe('skipped');
    expect(await attempt(live.connection, FINAL, final, memory, { afterUnknown: false })).toMatchObject({
      kind: 'accepted',
      warnings: [expect.stringContaining('ringing')],
    });
    const [one, other, fresh] = [finished(), freshMemory(), connect({ chat_id: '55' })];
    there.faults.next(1, { kind: 'close-after' });
    const there55 = { ...FINAL, step: 'message:55' };
    await attempt(fresh.connection, there55, one, other);
    expect(await attempt(fresh.connection, there55, one, other, { afterUnknown: true })).toMatchObject({
      kind: 'accepted',
      warnings: [expect.stringContaining('twice')],
    });
  });

  it.each([
    ['2:abc', 'TOKEN'],
    ['1:abc', 'NO_CHAT'],
  ])('the test of %s says %s and what to do', async (bot_token, code) => {
    const answer = await connect({ bot_token, chat_id: '-999' }).connection.check(AbortSignal.timeout(5_000));
    expect(answer).toMatchObject({ ok: false, code, why: expect.stringMatching(/BotFather|add the bot/) as string });
  });
});
