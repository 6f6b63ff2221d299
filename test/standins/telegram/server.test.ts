import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseHtml } from '../../../src/cli/demo/standins/telegram/html.js';
import { startTelegramStandIn } from './server.js';
import type { TelegramStandIn } from './server.js';

let telegram: TelegramStandIn;
beforeEach(async () => {
  telegram = await startTelegramStandIn({ chats: ['-100', '55'] });
});
afterEach(() => telegram.stop());

async function call(method: string, parameters: Record<string, unknown> = {}, token = '1:abc') {
  const answer = await fetch(`${telegram.url}/bot${token}/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(parameters),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
const send = (text: string, more: object = {}) =>
  call('sendMessage', { chat_id: -100, text, parse_mode: 'HTML', ...more });
const refused = (status: number, description: string) => ({
  status,
  body: { ok: false, error_code: status, description: expect.stringContaining(description) as string },
});

describe('the Bot API', () => {
  it.each([
    ['2:abc', 'Unauthorized'],
    ['0:abc', 'invalid token'],
  ])('knows no bot %s', async (token, text) =>
    expect(await call('getMe', {}, token)).toMatchObject(refused(401, text)),
  );

  it('knows no other method', async () =>
    expect(await call('sendFlowers')).toMatchObject(refused(404, 'method not found')));

  it.each([
    ['an unknown chat', { chat_id: -999 }, 400, 'chat not found'],
    ['no chat', { chat_id: undefined }, 400, 'chat_id is empty'],
    ['no text', { text: ' ' }, 400, 'message text is empty'],
    ['a long text', { text: 'x'.repeat(4_097) }, 400, 'too long'],
    ['an open tag', { text: '<b>x' }, 400, 'Can\'t find end tag corresponding to start tag "b"'],
    ['a tag it does not know', { text: 'a<br>b' }, 400, 'Unsupported start tag "br" at byte offset 1'],
  ])('refuses %s', async (_what, changes, status, text) =>
    expect(await send('x', changes)).toMatchObject(refused(status, text)),
  );

  it('keeps messages as they stand, and who heard them', async () => {
    await telegram.stop();
    telegram = await startTelegramStandIn({ chats: ['-100', '55'], perChatPer3s: 0 });
    const { body } = await send('<b>one</b> &lt;1&gt;', { disable_notification: true });
    const { message_id: id } = body['result'] as { message_id: number };
    const at = { chat_id: -100, message_id: id };
    expect(await call('editMessageText', { ...at, text: 'one <1>' })).toMatchObject(refused(400, 'not modified'));
    expect(await call('editMessageText', { ...at, text: 'two' })).toMatchObject({ status: 200 });
    expect(await call('editMessageText', { chat_id: 55, message_id: id, text: 'x' })).toMatchObject(
      refused(400, 'not found'),
    );
    expect(telegram.state.in('-100')).toMatchObject([{ text: 'two', edits: 1, silent: true }]);
    expect(telegram.state.sounds).toEqual({});
    await call('deleteMessage', at);
    expect(await call('deleteMessage', at)).toMatchObject(refused(400, 'to delete not found'));
  });

  it('allows three requests of a chat in three seconds', async () => {
    const statuses = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await send(`${n}`)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect(await call('sendMessage', { chat_id: 55, text: 'x' })).toMatchObject({ status: 200 });
    expect(await send('x')).toMatchObject({ body: { parameters: { retry_after: expect.any(Number) as number } } });
  });
});

it('HTML is read as Telegram reads it', () => {
  const html = '<a href="https://x.invalid/?a=1&amp;b=2">y</a> &#65; &nbsp; <blockquote expandable>z</blockquote>';
  expect(parseHtml(html)).toEqual({ ok: true, text: 'y A &nbsp; z', links: ['https://x.invalid/?a=1&b=2'] });
  expect(parseHtml('<b><i>x</b></i>')).toMatchObject({ ok: false });
});
