import { describe, expect, it } from 'vitest';
import { settingsSchema, unknownClientOf } from '../../../src/integrations/amocrm/settings.js';

const read = (changes: Record<string, unknown>) =>
  settingsSchema.parse({ subdomain: 'demo', access_token: 'token-1', ...changes });
const refusal = (changes: Record<string, unknown>) =>
  settingsSchema.safeParse({ subdomain: 'demo', access_token: 'token-1', ...changes }).error?.issues[0];

describe('settings the old plan wrote', () => {
  it.each([
    [{ subdomain: 'demo' }, 'https://demo.amocrm.ru'],
    [{ subdomain: 'demo.kommo.com' }, 'https://demo.kommo.com'],
    [{ subdomain: 'https://demo.amocrm.com/' }, 'https://demo.amocrm.com'],
    [{ base_url: 'https://demo.kommo.com/leads/' }, 'https://demo.kommo.com'],
    [{ base_url: 'http://127.0.0.1:9003' }, 'http://127.0.0.1:9003'],
    [{ base_url: '', subdomain: 'demo' }, 'https://demo.amocrm.ru'],
  ])('%j is the account at %s', (changes, origin) => expect(read(changes).origin).toBe(origin));

  it('a pair with its integration, or an integration nobody has let in yet', () => {
    const oauth = { client_id: 'id-1', client_secret: 'secret-1' };
    expect(read({ ...oauth, refresh_token: 'refresh-1' })).toMatchObject({ ...oauth, refresh_token: 'refresh-1' });
    expect(read({ ...oauth, access_token: '' })).toMatchObject({ access_token: null });
  });

  it('user ids and extensions as numbers or text', () =>
    expect(read({ user_extensions: { '11': 151, '12': ' 152 ', x: '153' } }).user_extensions).toEqual({
      '11': '151',
      '12': '152',
    }));
});

describe('settings that do not parse name their field', () => {
  it.each([
    [{ subdomain: '' }, 'subdomain'],
    [{ subdomain: 'de mo' }, 'subdomain'],
    [{ subdomain: 'www.amocrm.ru' }, 'subdomain'],
    [{ base_url: 'https://www.kommo.com' }, 'base_url'],
    [{ base_url: 'ftp://demo.kommo.com' }, 'base_url'],
    [{ base_url: 'https://user:word@demo.kommo.com' }, 'base_url'],
    [{ access_token: '' }, 'access_token'],
    [{ access_token: 'line\nbreak' }, 'access_token'],
    [{ refresh_token: 'refresh-1' }, 'client_id'],
    [{ refresh_token: 'refresh-1', client_id: 'id-1' }, 'client_secret'],
    [{ unknown_client: 'lead' }, 'unknown_client'],
    [{ pipeline_id: 'main' }, 'pipeline_id'],
    [{ failed_status: 4 }, 'failed_status'],
    [{ unsorted_link: 'our site' }, 'unsorted_link'],
  ])('%j', (changes, field) => expect(refusal(changes)?.path).toEqual([field]));
});

describe('an unknown client of an outgoing call', () => {
  it.each([
    [{}, 'contact_lead'],
    [{ unknown_client: 'nothing' }, 'nothing'],
    [{ unknown_client: 'unsorted' }, 'contact'],
    [{ unknown_client: 'unsorted', unknown_client_out: 'nothing' }, 'nothing'],
  ])('%j makes %s', (changes, wanted) => expect(unknownClientOf('out', read(changes))).toBe(wanted));
});
