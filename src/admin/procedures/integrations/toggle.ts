import { z } from 'zod';
import { integrationInput } from '../../integration-input.js';
import { ofEnterprise } from '../../procedures.js';
import { saveSettings } from '../../save-settings.js';

/** On only with settings that parse; off always. */
export const toggle = ofEnterprise
  .input(integrationInput.extend({ version: z.number().int().min(0), enabled: z.boolean() }))
  .mutation(async ({ ctx, input }) => {
    const { enabled, ...which } = input;
    const save = { ...which, settings: { enabled }, unchecked: !enabled };
    const [version = 0] = await saveSettings(ctx.services, [save], ctx.audit);
    return { version, enabled };
  });
