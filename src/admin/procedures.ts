/**
 * The four levels of rights, as what procedures are made of (README.md). A mutation that succeeds is in the audit log: the
 * procedure says what it did with `ctx.audit`, in its transaction where it has one; what says nothing is written without detail.
 */
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { writeAudit } from './audit-store.js';
import type { Audit } from './context.js';
import type { Identity } from './rights.js';
import { mayEnterprise } from './rights.js';
import { explained, t } from './trpc.js';

const noAudit: Audit = async () => {
  throw new Error('a query changes nothing');
};

/** Anybody. A change comes by POST, which alone was asked where it comes from (plugin.ts). */
export const open = t.procedure.use(explained).use(async ({ ctx, type, next }) => {
  if (type === 'mutation' && !ctx.setCookie)
    throw new TRPCError({ code: 'METHOD_NOT_SUPPORTED', message: 'changes are made over HTTP' });
  return next();
});

/** Whoever is logged in. */
export const signedIn = open.use(async ({ ctx, type, path, getRawInput, next }) => {
  const identity = await ctx.identity();
  if (!identity) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'log in first' });
  if (type !== 'mutation') return next({ ctx: { identity, audit: noAudit } });
  // A procedure without input may be called without a body, which is no JSON.
  const raw = await getRawInput().catch(() => undefined);
  let written = false;
  const audit: Audit = async (detail, tx) => {
    await writeAudit(tx ?? ctx.services.pool, { ...entryOf(identity, path, raw), detail });
    written = true;
  };
  const result = await next({ ctx: { identity, audit } });
  if (result.ok && !written) await audit({});
  return result;
});

/** Administrators of the enterprise the input names, and super-admins. */
export const ofEnterprise = signedIn
  .input(z.object({ enterprise: z.string().regex(/^[\w.-]{1,50}$/) }))
  .use(async ({ ctx, input, next }) => {
    if (!mayEnterprise(ctx.identity, input.enterprise)) throw forbidden();
    return next();
  });

/** Super-admins. */
export const operator = signedIn.use(async ({ ctx, next }) => {
  if (ctx.identity.kind !== 'super') throw forbidden();
  return next();
});

function forbidden(): TRPCError {
  return new TRPCError({ code: 'FORBIDDEN', message: 'this is not yours to see or change' });
}

function entryOf(
  identity: Identity,
  action: string,
  raw: unknown,
): { actor: string; enterprise: string | null; action: string } {
  const named = typeof raw === 'object' && raw !== null && 'enterprise' in raw ? raw.enterprise : null;
  return { actor: identity.actor, enterprise: typeof named === 'string' ? named : identity.enterprise, action };
}
