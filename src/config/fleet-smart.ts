/** Smart redirect as the fleet's own settings page stored it, in `integrations_config.smart`: read where we have none of ours. */
import { z } from 'zod';
import { smartRedirect } from './smart-redirect.js';
import type { SmartRedirectEntry } from './smart-redirect.js';

const order = z.coerce.number().catch(Infinity);
const flag = z.boolean().catch(false);

const storedLine = z.looseObject({
  enabled: flag,
  do_routing: flag,
  algorithm: z.string().nullish().catch(null),
  send_customer_name: flag,
  customer_name_order: order,
  send_line_name: flag,
  line_name_order: order,
});

const stored = z.looseObject({
  mode: z.enum(['off', 'name-only', 'routing+name']).catch('routing+name'),
  primary: z.string().nullish().catch(null),
  lines: z.record(z.string(), storedLine).catch({}),
});

type StoredLine = z.infer<typeof storedLine>;

/** Null when there are none. The name of a shop is left out: nobody else knows of shops. */
export function smartRedirectOfFleet(value: unknown): SmartRedirectEntry | null {
  const result = stored.safeParse(value);
  if (!result.success) return null;
  const { mode, primary, lines } = result.data;
  const own = Object.entries(lines).flatMap(([key, line]) => {
    // `gsm:0001363`, `sip:3880001`: the kind of line says nothing, its number is what the PBX names.
    const id = key.slice(key.indexOf(':') + 1);
    return line.enabled ? [[id, ruleOf(line, mode, primary ?? null)]] : [];
  });
  return smartRedirect.parse({
    mode: mode === 'off' ? 'off' : 'owner',
    lines: { '*': false, ...Object.fromEntries(own) },
  });
}

function ruleOf(line: StoredLine, mode: 'off' | 'name-only' | 'routing+name', primary: string | null): object {
  const shows = [
    { part: 'customer', wanted: line.send_customer_name, at: line.customer_name_order },
    { part: 'line', wanted: line.send_line_name, at: line.line_name_order },
  ];
  const algorithm = line.algorithm ?? null;
  const asked = [algorithm, primary].filter((one) => one !== null && !isHistory(one));
  return {
    mode: mode === 'name-only' || !line.do_routing ? 'name' : routingOf(algorithm),
    // Whom no CRM names, whoever talked with him last got before.
    otherwise: 'last',
    order: [...new Set(asked)],
    shows: shows
      .filter(({ wanted }) => wanted)
      .sort((one, other) => one.at - other.at)
      .map(({ part }) => part),
  };
}

const isHistory = (algorithm: string | null): boolean => algorithm === 'first_call' || algorithm === 'last_call';

function routingOf(algorithm: string | null): 'owner' | 'first' | 'last' {
  if (algorithm === 'first_call') return 'first';
  return algorithm === 'last_call' ? 'last' : 'owner';
}
