import { reconciliationsOf } from '../../../recovery/reconcile-store.js';
import { ofEnterprise } from '../../procedures.js';

/** The days that were laid side by side last, newest first: each night the one before, and what somebody asked for. */
export const days = ofEnterprise.query(({ ctx, input }) => reconciliationsOf(ctx.services.pool, input.enterprise));
