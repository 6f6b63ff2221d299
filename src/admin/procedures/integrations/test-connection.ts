import { createMask, secretsOf } from '../../../delivery/mask.js';
import { connectorOf, integrationInput, settingsInput } from '../../integration-input.js';
import { ofEnterprise } from '../../procedures.js';
import { connectionFor } from '../../save-settings.js';
import { nextStep } from '../../texts/next-step.js';
import type { Words } from '../../texts/field-text.js';

const CHECK_MS = 30_000;

export interface TestResult {
  ok: boolean;
  /** Whose account it is, as the CRM names it. */
  account: string | null;
  /** Rights that are missing and what else to mend, each with what follows from it. */
  warnings: string[];
  /** Why it failed. */
  code: string | null;
  why: string | null;
  next: Words | null;
}

/** Asks the CRM with the settings of the form, saved or not: reachable, credentials, rights one by one. Changes nothing. */
export const testConnection = ofEnterprise
  .input(integrationInput.extend({ settings: settingsInput.default({}) }))
  .mutation(async ({ ctx, input, signal }): Promise<TestResult> => {
    const { secretFields } = connectorOf(ctx.services, input.type);
    const { connection, laid, close } = await connectionFor(ctx.services, input);
    const mask = createMask(secretsOf(secretFields, laid.whole));
    try {
      const limit = AbortSignal.timeout(CHECK_MS);
      const result = await connection.check(signal ? AbortSignal.any([signal, limit]) : limit);
      await ctx.audit({ type: input.type, ok: result.ok });
      if (result.ok) {
        const warnings = result.warnings.map((warning) => mask.text(warning));
        return { ok: true, account: mask.text(result.account), warnings, code: null, why: null, next: null };
      }
      const { code, why } = result;
      return { ok: false, account: null, warnings: [], code, why: mask.text(why), next: nextStep(code) };
    } finally {
      await close();
    }
  });
