import { amocrm } from '../../../src/integrations/amocrm/index.js';
import type { ConnectionDeps } from '../../../src/integrations/contract.js';
import { startAmoCrmStandIn } from '../../standins/amocrm/server.js';
import type { AmoCrmStandIn, AmoCrmStandInOptions } from '../../standins/amocrm/server.js';
import { connectLive } from '../delivering.js';
import type { Live } from '../delivering.js';

export const OPEN = { step: 'card.open', class: 'perishable' } as const;
export const RECORD = { step: 'record', class: 'durable' } as const;
export const RECORDING = { step: 'recording', class: 'durable' } as const;

/** A client amoCRM knows, and one it does not. */
export const KNOWN = '+375290000001';
export const UNKNOWN = '+375290000077';

export interface Ground {
  crm: AmoCrmStandIn;
  /** Paced as fast as the machine goes, unless settings say otherwise. */
  connect(changes?: Record<string, unknown>, deps?: Partial<ConnectionDeps>): Live;
  /** Bodies sent to this path, in order. */
  sent(path: string): Record<string, unknown>[];
  /** Every request, in order: `POST /api/v4/calls`. */
  asked(): string[];
  stop(): Promise<void>;
}

export async function amoCrmGround(options: AmoCrmStandInOptions = {}): Promise<Ground> {
  const crm = await startAmoCrmStandIn({ perSecond: 0, ...options });
  crm.state.contact({ name: 'Petr Primerov', phones: [KNOWN], responsibleUserId: 12 });
  const lives: Live[] = [];
  return {
    crm,
    connect(changes = {}, deps = {}) {
      const raw = {
        enabled: true,
        base_url: crm.url,
        access_token: 'token-1',
        user_extensions: { '11': '151', '12': '152', '13': '153' },
        language: 'en',
        rate: { perSecond: 1_000, burst: 1_000 },
        ...changes,
      };
      const live = connectLive(amocrm, raw, deps);
      lives.push(live);
      return live;
    },
    sent: (path) =>
      crm.exchanges
        .filter((exchange) => exchange.method === 'POST' && exchange.path === path)
        .flatMap(({ body }) => JSON.parse(body) as Record<string, unknown>[]),
    asked: () => crm.exchanges.map(({ method, path }) => `${method} ${path}`),
    async stop() {
      for (const live of lives) await live.close();
      await crm.stop();
    },
  };
}
