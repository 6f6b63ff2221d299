/** The demo's live view: one line per thing that happened, as a person reads it. */
import type { CallEvent } from '../../calls/vocabulary.js';
import type { StandInExchange } from './standins/server.js';

const COLOURS = { call: '\u001b[36m', crm: '\u001b[32m', trouble: '\u001b[31m', quiet: '\u001b[2m' } as const;
const OFF = '\u001b[0m';

export interface View {
  title(text: string): void;
  event(event: CallEvent): void;
  exchange(crm: string, exchange: StandInExchange): void;
}

export function createView(write: (line: string) => void, colour: boolean): View {
  const paint = (kind: keyof typeof COLOURS, text: string) => (colour ? `${COLOURS[kind]}${text}${OFF}` : text);
  /** When each client's call rang, to show how soon a card follows. */
  const rangAt = new Map<string, number>();

  function line(kind: keyof typeof COLOURS, who: string, text: string, now = Date.now()): void {
    write(`${paint('quiet', new Date(now).toISOString().slice(11, 23))}  ${paint(kind, who.padEnd(10))} ${text}`);
  }

  return {
    title: (text) => write(`\n${paint('quiet', text)}`),
    event(event) {
      if (event.kind === 'call.ringing') rangAt.set(digitsOf(event.call.external), Date.now());
      line('call', 'call', describeEvent(event));
    },
    exchange(crm, exchange) {
      const ok = exchange.status !== null && exchange.status < 300;
      const client = /card of (\S+)/.exec(exchange.effect)?.[1] ?? null;
      const rang = client === null ? undefined : rangAt.get(digitsOf(client));
      const delay = rang === undefined ? '' : paint('quiet', `  (${exchange.at - rang} ms after the ring)`);
      line(
        ok ? 'crm' : 'trouble',
        `→ ${crm}`,
        `${exchange.effect || `${exchange.method} ${exchange.path}`}${delay}`,
        exchange.at,
      );
    },
  };
}

/** Each CRM writes a number in its own way. */
function digitsOf(number: string | null): string {
  return (number ?? '').replace(/\D/g, '');
}

function describeEvent(event: CallEvent): string {
  const { call } = event;
  const client = call.external ?? (call.direction === 'internal' ? call.caller : null) ?? 'withheld number';
  switch (event.kind) {
    case 'call.started':
      if (call.direction === 'in') return `${client} calls line ${call.line ?? '?'}`;
      if (call.direction === 'out') return `${call.caller ?? '?'} calls ${client}`;
      return `${call.caller ?? '?'} calls a colleague`;
    case 'call.ringing':
      return `${client} rings at ${event.extensions.join(', ')}`;
    case 'call.answered':
      return `${client} talks with ${event.extension ?? '?'} after ${seconds(call.waitMs)}`;
    case 'call.transferred':
      return `${client} goes from ${event.transfer.from ?? '?'} to ${event.transfer.to ?? '?'} (${event.transfer.kind})`;
    case 'call.finished':
      return `${client}: ${call.result ?? '?'}, waited ${seconds(call.waitMs)}, talked ${seconds(call.talkMs)}`;
    case 'recording.ready':
      return `recording of ${client} is ready`;
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
