import { z } from 'zod';
import { integrationInput, settingsInput } from '../../integration-input.js';
import { ofEnterprise } from '../../procedures.js';
import { saveSettings } from '../../save-settings.js';

/**
 * Saves what the form holds and switches it on or off. Secrets nobody touched are sent as `unchanged`. What does not parse is
 * refused whole, each field named; so is a version somebody else has replaced (`CONFIG_CHANGED`).
 */
export const save = ofEnterprise
  .input(integrationInput.extend({ version: z.number().int().min(0), settings: settingsInput, enabled: z.boolean() }))
  .mutation(async ({ ctx, input }) => {
    const settings = { ...input.settings, enabled: input.enabled };
    const [version = 0] = await saveSettings(ctx.services, [{ ...input, settings }], ctx.audit);
    return { version };
  });
