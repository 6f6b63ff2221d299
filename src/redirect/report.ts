/** What decisions came to, for whoever wonders whether to switch smart redirect on. Pure. */
import type { DecidedCall } from './store.js';

export interface IntegrationReport {
  integration: string;
  owner: number;
  nobody: number;
  failed: number;
  late: number;
  medianMs: number;
  slowestMs: number;
}

export interface RedirectReport {
  calls: number;
  /** A manager was chosen; in shadow he would have been. */
  chosen: number;
  /** Of those calls, by whom they were answered in the end. */
  answeredByChosen: number;
  answeredByOther: number;
  unanswered: number;
  /** They go on, or nothing told of them but the question. */
  unknown: number;
  /** Sent to a manager who did not answer. */
  fellThrough: number;
  /** What was done, and why, most frequent first. */
  reasons: { action: string; reason: string; calls: number }[];
  integrations: IntegrationReport[];
}

export function reportOf(calls: readonly DecidedCall[]): RedirectReport {
  const chosen = calls.filter(({ decision }) => decision.chosen !== null);
  const over = chosen.flatMap(({ decision, outcome }) => (outcome ? [{ decision, ...outcome }] : []));
  const answered = over.filter(({ result }) => result === 'answered');
  const byChosen = answered.filter(({ decision, answeredBy }) => answeredBy === decision.chosen);
  return {
    calls: calls.length,
    chosen: chosen.length,
    answeredByChosen: byChosen.length,
    answeredByOther: answered.length - byChosen.length,
    unanswered: over.length - answered.length,
    unknown: chosen.length - over.length,
    fellThrough: over.filter(({ fellThrough }) => fellThrough).length,
    reasons: reasonsOf(calls),
    integrations: integrationsOf(calls),
  };
}

/** Extensions and figures are left out of reasons, so that like ones count together. */
function reasonsOf(calls: readonly DecidedCall[]): RedirectReport['reasons'] {
  const counts = new Map<string, { action: string; reason: string; calls: number }>();
  for (const { decision } of calls) {
    const action = decision.action ?? 'unfinished';
    const reason = decision.reason.replace(/\d[\d.]*/g, '…');
    const key = `${action} ${reason}`;
    const entry = counts.get(key) ?? { action, reason, calls: 0 };
    entry.calls += 1;
    counts.set(key, entry);
  }
  return [...counts.values()].sort((one, other) => other.calls - one.calls);
}

function integrationsOf(calls: readonly DecidedCall[]): IntegrationReport[] {
  const asked = calls.flatMap(({ decision }) => decision.asked);
  return [...new Set(asked.map(({ integration }) => integration))].map((integration) => {
    const answers = asked.filter((one) => one.integration === integration);
    const count = (outcome: string) => answers.filter((one) => one.outcome === outcome).length;
    // What the cache answered says nothing about the CRM.
    const times = answers.filter(({ cached }) => !cached).map(({ ms }) => ms);
    times.sort((one, other) => one - other);
    return {
      integration,
      owner: count('owner'),
      nobody: count('nobody'),
      failed: count('failed'),
      late: count('late'),
      medianMs: Math.round(times[Math.floor(times.length / 2)] ?? 0),
      slowestMs: Math.round(times.at(-1) ?? 0),
    };
  });
}
