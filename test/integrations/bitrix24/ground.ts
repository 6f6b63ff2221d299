import { afterEach, beforeEach } from 'vitest';
import { bitrix24 } from '../../../src/integrations/bitrix24/index.js';
import { startBitrix24StandIn } from '../../standins/bitrix24/server.js';
import type { Bitrix24StandIn, Bitrix24StandInOptions } from '../../standins/bitrix24/server.js';
import { connectLive } from '../delivering.js';
import type { Live } from '../delivering.js';
import { NOON } from '../example-calls.js';

/** A request as its methods: name and parameters, those of a batch one by one. */
export interface Sent {
  method: string;
  params: Record<string, unknown>;
}

/** A portal of Olga (1), and of Ann, Boris and Vera (11 to 13) with extensions 151 to 153; anew for every test. */
export function aPortal(options: Bitrix24StandInOptions = {}) {
  let crm: Bitrix24StandIn;
  const lives: Live[] = [];
  beforeEach(async () => {
    crm = await startBitrix24StandIn({ bucket: { perSecond: 0, most: 0 }, now: () => NOON + 60_000, ...options });
  });
  afterEach(async () => {
    for (const live of lives.splice(0)) await live.close();
    await crm.stop();
  });
  return {
    get crm() {
      return crm;
    },
    connect(changes: Record<string, unknown> = {}, deps: Parameters<typeof connectLive>[2] = {}): Live {
      const raw = {
        enabled: true,
        webhook_url: `${crm.url}/rest/1/secret/`,
        user_extensions: { '11': '151', '12': '152', '13': '153' },
        ...changes,
      };
      const live = connectLive(bitrix24, raw, deps);
      lives.push(live);
      return live;
    },
    /** What was sent, request by request. */
    sent: (): Sent[][] => crm.exchanges.map(methodsOf),
  };
}

function methodsOf({ path, body }: { path: string; body: string }): Sent[] {
  const method = /([^/]+?)(?:\.json)?$/.exec(path)?.[1] ?? '';
  const params = (body === '' ? {} : JSON.parse(body)) as Record<string, unknown>;
  if (method !== 'batch') return [{ method: short(method), params }];
  return Object.values(params['cmd'] as Record<string, string>).map((command) => {
    const [name = '', query = ''] = command.split(/\?(.*)/s);
    return { method: short(name), params: Object.fromEntries(new URLSearchParams(query)) };
  });
}

function short(method: string): string {
  return method.replace(/^telephony\.externalCall\./, '');
}
