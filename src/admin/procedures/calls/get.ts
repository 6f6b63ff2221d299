import { z } from 'zod';
import { findCalls, readCall } from '../../../calls/timeline-store.js';
import { readStory } from '../../../delivery/read-story.js';
import { TrunklineError } from '../../../platform/errors.js';
import { callView } from '../../call-view.js';
import { ofEnterprise } from '../../procedures.js';
import { integrationsOf } from '../../../integrations/enterprise-row.js';
import { storedEnterprise } from '../../stored-enterprise.js';

/** A call from the PBX's first event to the CRMs' last answer. `id`: ours, the one CRMs know, or a channel's unique id. */
export const get = ofEnterprise.input(z.object({ id: z.string().min(1).max(200) })).query(async ({ ctx, input }) => {
  const { services, identity } = ctx;
  const { enterprise, id } = input;
  // What nobody claims on a PBX that several share is the operator's to look at.
  const pbx = identity.kind === 'super' ? (services.directory.byNumber(enterprise)?.pbxKey ?? '') : '';
  const [found, ...others] = await findCalls(services.pool, { enterprise, pbx, id });
  const stored = found ? await readCall(services.pool, found.id) : null;
  if (!found || !stored)
    throw new TrunklineError('CALL_UNKNOWN', `no call of enterprise ${enterprise} has an id ${id}`);
  const { row } = await storedEnterprise(services, services.pool, enterprise);
  const story = await readStory(services.pool, stored, Object.keys(integrationsOf(row)));
  return {
    ...callView(story),
    recording: await services.recordingOf(found.id),
    /** Earlier calls whose channels had the same unique id. */
    others: others.map((other) => ({ id: other.id, startedAt: other.startedAt, phone: other.phone })),
  };
});
