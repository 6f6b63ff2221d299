import { countDeliveries } from '../../deliveries-store.js';
import { ofEnterprise } from '../../procedures.js';

/** By integration, how many wait and how many were given up on, and what its lane is doing. */
export const counts = ofEnterprise.query(async ({ ctx, input }) => {
  const { pool, delivery } = ctx.services;
  const lanes = delivery.status().filter(({ enterprise }) => enterprise === input.enterprise);
  return (await countDeliveries(pool, input.enterprise)).map((counted) => {
    const lane = lanes.find(({ type }) => type === counted.type);
    return {
      ...counted,
      paused: lane?.paused ? { code: lane.paused.code, why: lane.paused.why } : null,
      breaker: lane?.breaker ?? null,
      inFlight: lane?.inFlight ?? 0,
    };
  });
});
