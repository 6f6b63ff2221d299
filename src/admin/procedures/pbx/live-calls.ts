import { pageOfCalls } from '../../calls-store.js';
import { ofEnterprise } from '../../procedures.js';

const MOST = 200;

/** Calls that go on, newest first. */
export const liveCalls = ofEnterprise.query(({ ctx, input }) =>
  pageOfCalls(ctx.services.pool, { enterprise: input.enterprise, result: 'live' }, null, MOST),
);
