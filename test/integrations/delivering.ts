import type { Attempt, Connection, ConnectionDeps, Outcome, Step } from '../../src/integrations/contract.js';
import type { AnyConnector } from '../../src/integrations/contract.js';
import { stepsOf } from '../../src/integrations/contract.js';
import { owedPlan } from '../../src/integrations/owed-plan.js';
import type { CallEvent } from '../../src/calls/vocabulary.js';
import { createLogger } from '../../src/platform/log.js';
import type { Logger } from '../../src/platform/log.js';
import { createUndiciHttp } from '../../src/platform/undici-http.js';
import type { ClosableHttpClient } from '../../src/platform/undici-http.js';

/** A live connection over real sockets, with everything it logged. */
export interface Live {
  connection: Connection;
  settings: Record<string, unknown>;
  http: ClosableHttpClient;
  log: Logger;
  logged(): string;
  close(): Promise<void>;
}

export function connectLive(
  connector: AnyConnector,
  raw: Record<string, unknown>,
  deps: Partial<ConnectionDeps> = {},
): Live {
  const settings = connector.settings.parse(raw);
  const http = createUndiciHttp();
  const lines: string[] = [];
  const log = createLogger('trace', { write: (line) => lines.push(line) });
  const connection = connector.connect(settings, {
    http,
    log,
    enterprise: '0367',
    timezone: 'Europe/Minsk',
    publicUrl: 'https://pbx.example.invalid',
    ...deps,
  });
  return {
    connection,
    settings,
    http,
    log,
    logged: () => lines.join(''),
    async close() {
      await connection.close();
      await http.close();
    },
  };
}

/** What delivery remembers of one call between its steps, and of a step between its attempts. */
export interface Memory {
  refs: Record<string, string>;
  card: Attempt['card'];
  tried?: Record<string, { number: number; afterUnknown: boolean }>;
}

export function freshMemory(): Memory {
  return { refs: {}, card: 'none' };
}

/** One attempt of one step, as delivery makes it, remembering what it returned. */
export async function attempt(
  connection: Connection,
  step: Step,
  event: CallEvent,
  memory: Memory,
  changes: Partial<Attempt> = {},
): Promise<Outcome> {
  const { refs, card } = memory;
  const name = `${event.call.id}/${event.seq}/${step.step}`;
  const before = memory.tried?.[name] ?? { number: 0, afterUnknown: false };
  const now = { number: before.number + 1, afterUnknown: before.afterUnknown };
  const given: Attempt = { ...now, signal: AbortSignal.timeout(5_000), refs, card, ...changes };
  const outcome = await connection.deliver({ step: step.step, event }, given);
  memory.tried = { ...memory.tried, [name]: { ...now, afterUnknown: now.afterUnknown || outcome.kind === 'unknown' } };
  if (outcome.kind === 'accepted') Object.assign(memory.refs, outcome.refs);
  if (step.class === 'perishable' && outcome.kind === 'accepted') memory.card = 'accepted';
  if (step.class === 'closing' && outcome.kind === 'accepted') memory.card = 'none';
  if (step.class === 'perishable' && outcome.kind === 'unknown') memory.card = 'unknown';
  return outcome;
}

/** Every step owed for these events, in order, once each. */
export async function deliverAll(
  connector: AnyConnector,
  { connection, settings }: Pick<Live, 'connection' | 'settings'>,
  events: readonly CallEvent[],
  memory = freshMemory(),
  changes: Partial<Attempt> = {},
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const event of events) {
    for (const step of stepsOf(owedPlan(connector, settings, event, 'card')))
      outcomes.push(await attempt(connection, step, event, memory, changes));
  }
  return outcomes;
}
