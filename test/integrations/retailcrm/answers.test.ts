import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src/integrations/retailcrm/client.js';

const NOW = Date.parse('2026-11-20T09:00:00Z');

function meaning(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = readAnswer({ status, headers, body: text }, NOW);
  return answer.ok ? { kind: 'ok' } : answer.failure;
}
const error = (errorMsg: string, errors?: unknown) => ({ success: false, errorMsg, errors });
const PAGE = '<html><body>nginx</body></html>';

describe('what an answer of RetailCRM means', () => {
  it.each([200, 201])('%i with success is accepted', (status) => {
    expect(meaning(status, { success: true, duplicateCalls: ['x'] })).toEqual({ kind: 'ok' });
  });

  it.each([
    [400, '"apiKey" is missing.'],
    [403, '"apiKey" is missing.'],
    [403, 'Wrong "apiKey" value.'],
    [403, 'Access denied.'],
    [404, 'Account does not exist.'],
    [404, 'account does not exist'],
    [401, 'Unauthorized'],
    [200, 'Wrong "apiKey" value.'],
  ])('%i %s waits for a person', (status, text) => {
    expect(meaning(status, error(text))).toMatchObject({
      kind: 'rejected',
      config: true,
      why: expect.stringContaining(text) as string,
    });
  });

  it.each([
    [400, 'Errors in the entity format'],
    [400, 'Validation error'],
    [400, "Parameter 'event' is missing"],
    [404, 'Not found'],
    [404, 'API method not found'],
    [405, 'Method Not Allowed'],
    [460, 'Partial failure'],
    [200, 'Errors in the input parameters'],
  ])('%i %s is refused for good, without stopping the lane', (status, text) => {
    const failure = meaning(status, error(text));
    expect(failure).toMatchObject({ kind: 'rejected', why: expect.stringContaining(text) as string });
    expect(failure).not.toHaveProperty('config');
  });

  it('names the fields, whether they come as a map, a list or nested', () => {
    expect(meaning(400, error('Errors', { result: 'not a valid choice' }))).toMatchObject({
      why: 'Errors (result: not a valid choice)',
    });
    expect(meaning(400, error('Errors', ['one', 'two']))).toMatchObject({ why: 'Errors (one; two)' });
    expect(meaning(400, error('Errors', { calls: { '0': ['bad'] } }))).toMatchObject({ why: 'Errors (calls: 0: bad)' });
  });

  it('bounds what it repeats of a long answer', () => {
    const failure = meaning(400, error('x'.repeat(5_000)));
    expect('why' in failure ? failure.why.length : 0).toBeLessThan(500);
  });

  it.each([500, 502, 504, 408])('%i is tried again, a web page or not', (status) => {
    expect(meaning(status, error('Internal Server Error'))).toMatchObject({ kind: 'retry' });
    expect(meaning(status, PAGE)).toMatchObject({ kind: 'retry' });
  });

  it('a stated limit makes the whole key wait as long as asked', () => {
    expect(meaning(503, PAGE, { 'retry-after': '3' })).toMatchObject({
      kind: 'retry',
      pauseLane: true,
      afterMs: 3_000,
    });
    expect(meaning(429, '', { 'retry-after': 'Fri, 20 Nov 2026 09:00:09 GMT' })).toMatchObject({ afterMs: 9_000 });
    expect(meaning(429, '', { 'retry-after': 'soon' })).not.toHaveProperty('afterMs');
    expect(meaning(503, error('busy'))).not.toHaveProperty('pauseLane');
  });

  it.each([404, 405])('%i with a web page is a host that is no account', (status) => {
    expect(meaning(status, PAGE)).toMatchObject({ kind: 'rejected', code: 'WRONG_HOST', config: true });
  });

  it('a web page with 200 or 403 is somebody in between and is tried again', () => {
    expect(meaning(200, PAGE)).toMatchObject({ kind: 'retry', code: 'HTML' });
    expect(meaning(403, PAGE)).toMatchObject({ kind: 'retry', code: 'HTML' });
  });

  it.each(['{"success":tr', '', '[]', '{"ok":1}', 'null'])('200 with %j says nothing of what was done', (body) => {
    expect(meaning(200, body)).toMatchObject({ kind: 'unknown', code: 'BAD_ANSWER' });
  });

  it('a redirect is the wrong address', () => {
    expect(meaning(302, '')).toMatchObject({ kind: 'rejected', code: 'REDIRECT', config: true });
  });
});
