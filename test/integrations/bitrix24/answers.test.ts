import { describe, expect, it } from 'vitest';
import { readAnswer, readBatch } from '../../../src/integrations/bitrix24/answers.js';

const NOW = Date.parse('2026-11-20T09:00:00Z');
const PAGE = '<html><body>nginx</body></html>';

function meaning(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = readAnswer({ status, headers, body: text }, NOW);
  return answer.ok ? { kind: 'ok' } : answer.failure;
}
const error = (code: string, text = '', more: object = {}) => ({ error: code, error_description: text, ...more });

describe('what an answer of Bitrix24 means', () => {
  it.each([{ CALL_ID: 'x' }, true, false, [], null])('a result is accepted, whatever it is: %j', (result) =>
    expect(meaning(200, { result, time: {} })).toEqual({ kind: 'ok' }),
  );

  it.each([
    [401, 'NO_AUTH_FOUND'],
    [403, 'INVALID_CREDENTIALS'],
    [401, 'INVALID_CREDENTIALS'],
    [401, 'expired_token'],
    [403, 'insufficient_scope'],
    [403, 'user_access_error'],
    [403, 'ACCESS_DENIED'],
    [400, 'INVALID_REQUEST'],
    [404, 'ERROR_METHOD_NOT_FOUND'],
    [503, 'OVERLOAD_LIMIT'],
    [401, 'OVERLOAD_LIMIT'],
    [500, 'PORTAL_DELETED'],
    [403, 'PORTAL_DELETED'],
  ])('%i %s waits for a person, who reads what to do, whatever its status', (status, code) => {
    const failure = meaning(status, error(code, 'said so'));
    expect(failure).toMatchObject({ kind: 'rejected', config: true, code });
    expect('why' in failure ? failure.why : '').toMatch(new RegExp(`^.{15,}\\(${code}: said so\\)$`));
  });

  it('a portal that wants an application says how to make one', () =>
    expect(
      meaning(403, error('WRONG_AUTH_TYPE', 'Current authorization type is denied for this method')),
    ).toMatchObject({
      config: true,
      why: expect.stringContaining('local application') as string,
    }));

  it('too many requests make the whole portal wait a moment, or as long as it says', () => {
    expect(meaning(503, error('QUERY_LIMIT_EXCEEDED', 'Too many requests'))).toMatchObject({
      kind: 'retry',
      pauseLane: true,
      afterMs: 1_500,
    });
    expect(meaning(503, error('QUERY_LIMIT_EXCEEDED'), { 'retry-after': '9' })).toMatchObject({ afterMs: 9_000 });
    expect(meaning(503, PAGE, { 'retry-after': '3' })).toMatchObject({
      kind: 'retry',
      pauseLane: true,
      afterMs: 3_000,
    });
    expect(meaning(503, PAGE)).not.toHaveProperty('pauseLane');
  });

  it.each([
    [NOW / 1000 + 90, 90_000],
    [NOW / 1000 - 5, 1_000],
    [NOW / 1000 + 90_000, 600_000],
  ])('a method that took too long is free again when the portal says so (%d)', (at, afterMs) => {
    const failure = meaning(429, error('OPERATION_TIME_LIMIT', '', { time: { operating_reset_at: at } }));
    expect(failure).toMatchObject({ kind: 'retry', afterMs });
    // The other methods go on.
    expect(failure).not.toHaveProperty('pauseLane');
  });

  it('a method that took too long and does not say when waits a minute', () =>
    expect(meaning(429, error('OPERATION_TIME_LIMIT'))).toMatchObject({ kind: 'retry', afterMs: 60_000 }));

  it.each([
    [500, error('INTERNAL_SERVER_ERROR')],
    [400, error('ERROR_UNEXPECTED_ANSWER')],
    [400, error('ERROR_CORE', 'Unexpected database error')],
    [400, error('', 'Call is not found in the statistic table. It looks like it is not finished yet.')],
    [400, error('ERROR_CORE', 'Server returns HTTP error code 404')],
    [502, PAGE],
    [504, ''],
    [200, PAGE],
    [403, PAGE],
  ])('%i %j is tried again', (status, body) => expect(meaning(status, body)).toMatchObject({ kind: 'retry' }));

  it.each([
    [400, error('ERROR_CORE', 'Unsupported phone number format')],
    [400, error('INVALID_ARGUMENT', 'CALL_ID must be a string')],
    [400, error('', 'Required parameters are not set.')],
    [400, error('ERROR_BATCH_LENGTH_EXCEEDED')],
    [400, '{"success":false}'],
  ])('%i %j is refused for good, without stopping the lane', (status, body) => {
    const failure = meaning(status, body);
    expect(failure).toMatchObject({ kind: 'rejected', why: expect.stringMatching(/.{5,}/) as string });
    expect(failure).not.toHaveProperty('config');
  });

  it.each([404, 405])('%i with a web page is a host that is no portal', (status) =>
    expect(meaning(status, PAGE)).toMatchObject({ kind: 'rejected', code: 'WRONG_HOST', config: true }),
  );

  it.each(['{"result":{"CALL', '', '[]', '{"ok":1}', 'null'])('200 with %j says nothing of what was done', (body) =>
    expect(meaning(200, body)).toMatchObject({ kind: 'unknown', code: 'BAD_ANSWER' }),
  );

  it('bounds what it repeats of a long answer', () => {
    const failure = meaning(400, error('ERROR_CORE', 'x'.repeat(5_000)));
    expect('why' in failure ? failure.why.length : 0).toBeLessThan(500);
  });
});

describe('the answers in a batch', () => {
  it('are one for each command, with empty maps as PHP writes them', () => {
    const result = { result: { a: true }, result_error: [], result_total: [], result_next: { a: 50 }, result_time: [] };
    expect(readBatch(result, ['a'], NOW)?.get('a')).toEqual({ ok: true, result: true, next: 50 });
  });

  it('are a refusal each, which says when a blocked method is free again', () => {
    const result = {
      result: [],
      result_error: { a: error('OPERATION_TIME_LIMIT'), b: error('insufficient_scope') },
      result_time: { a: { operating_reset_at: NOW / 1000 + 30 } },
    };
    const answers = readBatch(result, ['a', 'b', 'c'], NOW);
    expect(answers?.get('a')).toMatchObject({ failure: { kind: 'retry', afterMs: 30_000 } });
    expect(answers?.get('b')).toMatchObject({ error: 'insufficient_scope', failure: { config: true } });
    expect(answers?.get('c')).toMatchObject({ failure: { kind: 'retry', code: 'NOT_DONE' } });
  });

  it('that are no answers are none', () => expect(readBatch([], ['a'], NOW)).toBeNull());
});
