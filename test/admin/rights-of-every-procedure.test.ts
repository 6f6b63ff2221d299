/**
 * Every procedure there is, called by nobody, by an administrator on his own enterprise and on another one, and by a
 * super-admin. A procedure that stands not in the table fails the test: whoever adds one says who may call it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appRouter } from '../../src/admin/router.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { callerOf, oldSession, oldUser } from './admin-client.js';
import { enterpriseEntryOf } from './enterprises.js';

type Who = 'nobody' | 'own' | 'other' | 'super';
const WHO: readonly Who[] = ['nobody', 'own', 'other', 'super'];

/** What each level lets through; what it does not is refused with the other's code. */
const LEVELS: Record<string, Record<Who, 'passes' | 'UNAUTHORIZED' | 'FORBIDDEN'>> = {
  open: { nobody: 'passes', own: 'passes', other: 'passes', super: 'passes' },
  signedIn: { nobody: 'UNAUTHORIZED', own: 'passes', other: 'passes', super: 'passes' },
  ofEnterprise: { nobody: 'UNAUTHORIZED', own: 'passes', other: 'FORBIDDEN', super: 'passes' },
  operator: { nobody: 'UNAUTHORIZED', own: 'FORBIDDEN', other: 'FORBIDDEN', super: 'passes' },
};

/** Of each procedure its level, and an input that parses; that of an enterprise names it by itself. */
const TABLE: Record<string, [level: keyof typeof LEVELS, input?: object]> = {
  'auth.logIn': ['open', { login: 'nobody', password: 'wrong' }],
  'auth.logOut': ['signedIn'],
  'auth.logOutEverywhere': ['signedIn'],
  'auth.me': ['open'],
  'auth.changePassword': ['signedIn', { old: 'old', password: 'new' }],
  'enterprises.list': ['signedIn'],
  'enterprises.get': ['operator', { enterprise: '0367' }],
  'enterprises.save': ['operator', { version: 99, entry: { number: '0367' } }],
  'enterprises.setMode': ['operator', { enterprise: '0367', mode: 'on', version: 99 }],
  'doctor.run': ['ofEnterprise'],
  'reconciliation.days': ['ofEnterprise'],
  'reconciliation.run': ['ofEnterprise', { day: '2026-01-02' }],
  'pbx.get': ['ofEnterprise'],
  'pbx.reconnect': ['ofEnterprise'],
  'pbx.liveCalls': ['ofEnterprise'],
  'redirect.get': ['ofEnterprise'],
  'redirect.save': ['ofEnterprise', { version: 99, settings: {} }],
  'redirect.decisions': ['ofEnterprise'],
  'redirect.report': ['ofEnterprise'],
  'redirect.tryOut': ['ofEnterprise', { phone: '+375290000001' }],
  'stats.today': ['ofEnterprise'],
  'stats.overTime': ['ofEnterprise', { from: '2026-01-02T00:00:00Z', until: '2026-01-03T00:00:00Z' }],
  'stats.platform': ['operator', { days: 1 }],
  'users.list': ['ofEnterprise'],
  'users.create': ['ofEnterprise', { login: 'x', password: 'short' }],
  'users.update': ['ofEnterprise', { id: '999999', name: 'x', disabled: false }],
  'users.setPassword': ['ofEnterprise', { id: '999999', password: 'a long enough secret' }],
  'users.remove': ['ofEnterprise', { id: '999999' }],
  'operators.list': ['operator'],
  'operators.create': ['operator', { login: 'x', password: 'short' }],
  'operators.update': ['operator', { id: '999999', name: 'x', disabled: false }],
  'operators.setPassword': ['operator', { id: '999999', password: 'a long enough secret' }],
  'operators.remove': ['operator', { id: '999999' }],
  'alerts.list': ['ofEnterprise'],
  'alerts.all': ['operator'],
  'alerts.count': ['ofEnterprise'],
  'alerts.countAll': ['operator'],
  'alerts.acknowledge': ['ofEnterprise', { id: '999999' }],
  'alerts.mute': ['ofEnterprise', { id: '999999', hours: 1 }],
  'alerts.settings': ['ofEnterprise'],
  'alerts.saveSettings': ['ofEnterprise', { version: 99, settings: {} }],
  'alerts.sendTest': ['ofEnterprise'],
  'alerts.platformSettings': ['operator'],
  'alerts.savePlatformSettings': ['operator', { version: 99, settings: {} }],
  'alerts.sendPlatformTest': ['operator'],
  'audit.list': ['ofEnterprise'],
  'audit.all': ['operator'],
  'integrations.list': ['ofEnterprise'],
  'integrations.get': ['ofEnterprise', { type: 'retailcrm' }],
  'integrations.save': ['ofEnterprise', { type: 'retailcrm', version: 99, settings: {}, enabled: true }],
  'integrations.toggle': ['ofEnterprise', { type: 'retailcrm', version: 99, enabled: true }],
  'integrations.testConnection': ['ofEnterprise', { type: 'telegram', settings: {} }],
  'integrations.users': ['ofEnterprise', { type: 'retailcrm' }],
  'integrations.loadUsers': ['ofEnterprise', { type: 'telegram' }],
  'integrations.mapping': ['ofEnterprise', { type: 'retailcrm' }],
  'integrations.saveMapping': ['ofEnterprise', { type: 'retailcrm', version: 99, chosen: {} }],
  'integrations.remove': ['ofEnterprise', { type: 'retailcrm', version: 99 }],
  'integrations.howToLetIn': ['ofEnterprise', { type: 'retailcrm' }],
  'integrations.config': ['ofEnterprise'],
  'integrations.saveConfig': ['ofEnterprise', { config: {} }],
  'logs.rows': ['ofEnterprise'],
  'logs.list': ['ofEnterprise'],
  'logs.get': ['ofEnterprise', { type: 'retailcrm', at: '2026-01-02T03:04:05.678901Z', id: '1' }],
  'logs.live': ['ofEnterprise'],
  'calls.list': ['ofEnterprise'],
  'calls.get': ['ofEnterprise', { id: '1700000000.1' }],
  'deliveries.list': ['ofEnterprise'],
  'deliveries.counts': ['ofEnterprise'],
  'deliveries.replay': ['ofEnterprise', { ids: ['1'] }],
  'deliveries.replayDead': ['ofEnterprise'],
  'deliveries.progress': ['ofEnterprise', { ids: ['1'] }],
};

/** With which a level answers: anything else is the procedure's own business, reached past the rights. */
const REFUSALS = ['UNAUTHORIZED', 'FORBIDDEN'];
/** Procedures that answer so themselves. */
const OWN_REFUSALS: Record<string, string> = { 'auth.logIn': 'UNAUTHORIZED', 'auth.changePassword': 'FORBIDDEN' };

const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>);

describe('rights of every procedure', () => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startTestApp({ enterprises: [enterpriseEntryOf('0367'), enterpriseEntryOf('0368')] });
  });
  afterAll(async () => await running[Symbol.asyncDispose]());

  it('knows every procedure, and no other', () => {
    expect(Object.keys(TABLE).sort()).toEqual(procedures.map(([path]) => path).sort());
  });

  it.each(procedures.map(([path, { _def }]) => [path, _def.type] as const))('%s', async (path, type) => {
    const [level, input] = TABLE[path] ?? ['operator'];
    const came: Record<string, string> = {};
    for (const who of WHO) came[who] = await call(who, path, type, level, input);
    expect(came).toEqual(LEVELS[level]);
  });

  async function call(who: Who, path: string, type: string, level: string, input: object = {}): Promise<string> {
    const { db, app } = running;
    // A session of its own each time: some procedures end it.
    const logIn = {
      nobody: () => null,
      own: () => oldUser(db, '0367'),
      other: () => oldUser(db, '0368'),
      super: () => oldSession(db, null),
    };
    const caller = callerOf(app.url, await logIn[who]());
    const whole = level === 'ofEnterprise' ? { enterprise: '0367', ...input } : input;
    const code = await codeOf(caller.fetch, app.url, path, type, whole);
    const own = OWN_REFUSALS[path] === code && LEVELS[level]?.[who] === 'passes';
    return REFUSALS.includes(code) && !own ? code : 'passes';
  }

  async function codeOf(
    request: typeof fetch,
    url: string,
    path: string,
    type: string,
    input: object,
  ): Promise<string> {
    const query = `?input=${encodeURIComponent(JSON.stringify(input))}`;
    const answer =
      type === 'mutation'
        ? await request(`${url}/trpc/${path}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(input),
          })
        : await request(`${url}/trpc/${path}${query}`, { signal: AbortSignal.timeout(5_000) });
    if (type === 'subscription' && answer.status === 200) return refusalIn(answer);
    const body = (await answer.json()) as { error?: { data: { code: string } } };
    const code = body.error?.data.code ?? 'ok';
    // What was wrong with the call itself would pass for a right that holds.
    expect(['BAD_REQUEST', 'METHOD_NOT_SUPPORTED', 'INTERNAL_SERVER_ERROR']).not.toContain(code);
    return code;
  }
});

/** A subscription says first that it is connected; what it was refused for comes right behind that. */
async function refusalIn(answer: Response): Promise<string> {
  let text = '';
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const quiet = setTimeout(() => void reader?.cancel(), 500);
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    text += part.value;
    const error = /event: serialized-error\ndata: (.*)\n/.exec(text)?.[1];
    if (error === undefined) continue;
    clearTimeout(quiet);
    await reader?.cancel();
    return (JSON.parse(error) as { data: { code: string } }).data.code;
  }
  return text.includes('event: connected') ? 'ok' : `nothing: ${text}`;
}
