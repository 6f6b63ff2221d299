import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src/integrations/amocrm/client.js';

const NOW = Date.parse('2026-11-20T09:00:00Z');
const PAGE = '<html><head><title>403 Forbidden</title></head><body>nginx</body></html>';

function meaning(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = readAnswer({ status, headers, body: text }, NOW);
  return answer.ok ? { kind: 'ok', body: answer.body } : answer.failure;
}
const problem = (status: number, detail: string, more: object = {}) => ({
  title: 'Problem',
  type: `https://httpstatus.es/${status}`,
  status,
  detail,
  ...more,
});

describe('what an answer of amoCRM means', () => {
  it.each([200, 201, 202])('%i is accepted', (status) => {
    expect(meaning(status, { _total_items: 1 })).toEqual({ kind: 'ok', body: { _total_items: 1 } });
  });

  it('204 is a search that found nothing', () => expect(meaning(204, '')).toEqual({ kind: 'ok', body: null }));

  it('400 names each field that is refused', () => {
    const errors = [{ code: 'NotSupportedChoice', path: 'created_by', detail: 'not a valid choice' }];
    const failure = meaning(
      400,
      problem(400, 'Request validation failed', { 'validation-errors': [{ request_id: '0', errors }] }),
    );
    expect(failure).toEqual({
      kind: 'rejected',
      code: 'HTTP_400',
      why: 'amoCRM refuses the data: Request validation failed; created_by: not a valid choice',
    });
  });

  it('400 of an unknown number is told apart, whatever else is in the item', () => {
    for (const item of [
      { title: 'Entity not found' },
      { title: 'Entity not found', status: 404, detail: 'Entity not found', request_id: '0' },
    ])
      expect(meaning(400, { _total_items: 0, errors: [item] })).toMatchObject({
        kind: 'rejected',
        code: 'ENTITY_NOT_FOUND',
      });
  });

  it.each([
    [401, problem(401, 'Invalid user name or password'), 'RE_AUTHORISE'],
    [402, problem(402, 'Payment required'), 'PAYMENT'],
    [403, problem(403, 'Access denied'), 'FORBIDDEN'],
    [403, PAGE, 'BLOCKED'],
    [403, '403 Forbidden', 'BLOCKED'],
    [404, PAGE, 'WRONG_HOST'],
    [302, '', 'REDIRECT'],
  ])('%i waits for a person (%#)', (status, body, code) => {
    const failure = meaning(status, body);
    expect(failure).toMatchObject({ kind: 'rejected', code, config: true });
    expect('why' in failure ? failure.why.length : 0).toBeGreaterThan(20);
  });

  it.each([
    [404, problem(404, 'Cannot GET https://example.amocrm.ru/api/v4/nothing')],
    [405, problem(405, 'Method Not Allowed')],
    [422, problem(422, 'Limit 250 per page')],
    [400, problem(400, 'Request data can not be empty')],
  ])('%i %j is refused for good, without stopping the lane', (status, body) => {
    const failure = meaning(status, body);
    expect(failure).toMatchObject({ kind: 'rejected' });
    expect(failure).not.toHaveProperty('config');
  });

  it('429 makes the whole account wait as long as it says, in JSON, in a header or not at all', () => {
    const waits = { kind: 'retry', code: 'HTTP_429', pauseLane: true };
    expect(meaning(429, problem(429, 'too many', { retry_after: 300 }))).toMatchObject({ ...waits, afterMs: 300_000 });
    expect(meaning(429, 'Too Many Requests', { 'retry-after': '7' })).toMatchObject({ ...waits, afterMs: 7_000 });
    expect(meaning(429, PAGE)).toMatchObject({ ...waits, afterMs: 10_000 });
  });

  it.each([500, 502, 504, 408])('%i is tried again, a web page or not', (status) => {
    expect(meaning(status, problem(status, 'ErrInternalServer'))).toMatchObject({ kind: 'retry' });
    expect(meaning(status, PAGE)).toMatchObject({ kind: 'retry' });
  });

  it('503 makes the account wait only when it says so', () => {
    expect(meaning(503, PAGE)).not.toHaveProperty('pauseLane');
    expect(meaning(503, PAGE, { 'retry-after': '3' })).toMatchObject({ pauseLane: true, afterMs: 3_000 });
  });

  it('a web page with 200 is somebody in between', () =>
    expect(meaning(200, PAGE)).toMatchObject({ kind: 'retry', code: 'HTML' }));

  it.each(['{"_embedded":', '', '[]', 'null'])('200 with %j says nothing of what was done', (body) =>
    expect(meaning(200, body)).toMatchObject({ kind: 'unknown', code: 'BAD_ANSWER' }),
  );

  it('a refusal that arrived in part is asked for again: it may be an unknown client', () =>
    expect(meaning(400, '{"_total_items":0,"errors":[{"title":"Ent')).toMatchObject({
      kind: 'retry',
      code: 'BAD_ANSWER',
    }));

  it.each([
    [400, PAGE, 'HTML'],
    [413, PAGE, 'HTML'],
    [400, 'nonsense', 'BAD_ANSWER'],
    [422, '', 'BAD_ANSWER'],
  ])('%i %j is somebody in between, and tried again', (status, body, code) =>
    expect(meaning(status, body)).toMatchObject({ kind: 'retry', code }),
  );

  it('bounds what it repeats of a long answer', () => {
    const failure = meaning(400, problem(400, 'x'.repeat(5_000)));
    expect('why' in failure ? failure.why.length : 0).toBeLessThan(500);
  });
});
