/** The fleet's posts of each scenario, as facts, and what each was. */
import { readFileSync } from 'node:fs';
import type { Fact } from '../../src/calls/facts.js';
import { isFleetEvent, toFact } from '../../src/webhooks/parse.js';

export interface ExpectedWebhookCall {
  direction: string;
  external: string | null;
  line: string | null;
  rang: string[];
  answered_by: string | null;
  agents: string[];
  final_agent: string | null;
  result: string;
  transfers: { from: string; to: string; kind: string; result: string }[];
  approx_talk_ms: number;
  approx_wait_ms: number;
  records: number;
  tolerance_ms: number;
  main_uid: string | null;
  first_arrival: string | null;
  others?: (Partial<ExpectedWebhookCall> & { from?: string; to?: string })[];
}

const folder = new URL('../webhooks/fixtures/', import.meta.url);

export const SCENARIOS = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')) as Record<
  string,
  ExpectedWebhookCall
>;

/** @param lagMs our clock less the PBX's */
export function webhookFacts(scenario: string, lagMs = 0): Fact[] {
  const first = SCENARIOS[scenario]?.first_arrival ?? null;
  if (first === null) return [];
  const start = Date.parse(`${first.replace(' ', 'T')}+03:00`);
  const lines = readFileSync(new URL(`${scenario}.ndjson`, folder), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => {
    const post = JSON.parse(line) as { at_ms: number; path: string; body: object };
    const event = post.path.slice(1);
    if (!isFleetEvent(event)) throw new Error(event);
    return toFact({ enterprise: '0367', event, raw: post.body, arrivedAt: start + lagMs + post.at_ms });
  });
}
