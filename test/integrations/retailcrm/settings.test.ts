import { describe, expect, it } from 'vitest';
import { settingsSchema, zoneOf } from '../../../src/integrations/retailcrm/settings.js';

const read = (changes: Record<string, unknown>) => settingsSchema.parse({ api_key: 'key-1', ...changes });
const refusal = (changes: Record<string, unknown>) =>
  settingsSchema.safeParse({ api_key: 'key-1', api_url: 'https://demo.retailcrm.ru', ...changes }).error?.issues[0];

describe('settings the old plan wrote', () => {
  it.each([
    [{ api_url: 'https://demo.retailcrm.ru' }, 'https://demo.retailcrm.ru'],
    [{ api_url: 'https://demo.retailcrm.ru/api/v5/' }, 'https://demo.retailcrm.ru'],
    [{ domain: 'demo.retailcrm.ru' }, 'https://demo.retailcrm.ru'],
    [{ domain: 'https://demo.simla.com/' }, 'https://demo.simla.com'],
    [{ api_url: '', domain: 'demo.retailcrm.pro' }, 'https://demo.retailcrm.pro'],
    [{ api_url: 'http://127.0.0.1:9001', domain: 'demo.retailcrm.ru' }, 'http://127.0.0.1:9001'],
  ])('%j is the account at %s', (changes, origin) => expect(read(changes).origin).toBe(origin));

  it('user ids and extensions are read as numbers or text; empty ones and odd ids are no mapping', () => {
    const user_extensions = { '7': 151, '8': ' 152 ', '9': '', '10': null, name: '153' };
    expect(read({ domain: 'demo.retailcrm.ru', user_extensions }).user_extensions).toEqual({ '7': '151', '8': '152' });
    expect(read({ domain: 'demo.retailcrm.ru', user_extensions: null }).user_extensions).toEqual({});
  });
});

describe('settings that do not parse name their field', () => {
  it.each([
    [{ api_url: 'demo' }, 'api_url'],
    [{ api_url: 'ftp://demo.retailcrm.ru' }, 'api_url'],
    [{ api_url: 'https://user:word@demo.retailcrm.ru' }, 'api_url'],
    [{ api_key: '' }, 'api_key'],
    [{ api_key: 'line\nbreak' }, 'api_key'],
    [{ timezone: 'Moscow' }, 'timezone'],
    [{ duration: 'all' }, 'duration'],
  ])('%j', (changes, field) => expect(refusal(changes)?.path).toEqual([field]));
});

describe('the zone of an account', () => {
  it.each([
    [{ api_url: 'https://demo.retailcrm.ru' }, 'Europe/Moscow'],
    [{ api_url: 'https://demo.simla.com' }, 'Asia/Almaty'],
    [{ api_url: 'https://demo.retailcrm.ru', timezone: 'Asia/Omsk' }, 'Asia/Omsk'],
  ])('%j in an enterprise of Asia/Almaty is %s', (changes, zone) =>
    expect(zoneOf(read(changes), 'Asia/Almaty')).toBe(zone),
  );
});
