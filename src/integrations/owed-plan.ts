/**
 * What an account is owed for an event: what its connector plans, within the rules all connectors share and the enterprise's
 * choice about callers without a number. Pure. The order of the reasons is the order of their weight: the first one is told.
 */
import type { CallEvent } from '../calls/vocabulary.js';
import type { Enterprise } from '../config/enterprise.js';
import { planForAnonymous } from './anonymous.js';
import type { AnyConnector, Plan } from './contract.js';
import { rulesOf, whyNot } from './rules.js';

export function owedPlan(
  connector: Pick<AnyConnector, 'plan'>,
  settings: Record<string, unknown>,
  event: CallEvent,
  anonymous: Enterprise['anonymous'],
): Plan {
  const plan = connector.plan(event, settings);
  // Of events that never concern this CRM there is nothing to say.
  if (!('why' in plan) && plan.length === 0) return plan;
  const why = whyNot(event.call, rulesOf(settings));
  if (why !== null) return { why };
  return planForAnonymous(anonymous, event, event.call.recovered ? withoutCards(plan) : plan);
}

/** A recovered call is history: what a person would look at now is long over. */
function withoutCards(plan: Plan): Plan {
  if ('why' in plan) return plan;
  const kept = plan.filter((step) => step.class === 'durable');
  return kept.length > 0 ? kept : { why: 'a recovered call is history and opens no card' };
}
