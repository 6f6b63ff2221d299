import { z } from 'zod';
import { PLATFORM } from '../../../alerts/kinds.js';
import { readAlertForm, saveAlertForm, testAlertChannels } from '../../alert-form.js';
import { ofEnterprise, operator } from '../../procedures.js';
import { storedEnterprise } from '../../stored-enterprise.js';

const sent = z.object({
  version: z.number().int().min(0),
  settings: z.record(z.string(), z.json()),
  /** Null: there is none any more; absent or `unchanged`: it stays. */
  secrets: z.record(z.string(), z.string().max(2_000).nullable()).default({}),
});

export const settings = ofEnterprise.query(async ({ ctx, input: { enterprise } }) => {
  await storedEnterprise(ctx.services, ctx.services.pool, enterprise);
  return readAlertForm(ctx.services, enterprise);
});

/** What is named changes, everything else stays. */
export const saveSettings = ofEnterprise.input(sent).mutation(async ({ ctx, input: { enterprise, ...form } }) => {
  await storedEnterprise(ctx.services, ctx.services.pool, enterprise);
  return saveAlertForm(ctx.services, enterprise, form, ctx.audit);
});

/** To each channel that is saved; what came of each. */
export const sendTest = ofEnterprise.mutation(async ({ ctx, input: { enterprise } }) => {
  await storedEnterprise(ctx.services, ctx.services.pool, enterprise);
  return testAlertChannels(ctx.services, enterprise);
});

export const platformSettings = operator.query(({ ctx }) => readAlertForm(ctx.services, PLATFORM));

export const savePlatformSettings = operator
  .input(sent)
  .mutation(({ ctx, input }) => saveAlertForm(ctx.services, PLATFORM, input, ctx.audit));

export const sendPlatformTest = operator.mutation(({ ctx }) => testAlertChannels(ctx.services, PLATFORM));
