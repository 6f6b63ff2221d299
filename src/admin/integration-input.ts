import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import type { AnyConnector } from '../integrations/contract.js';
import type { AdminServices } from './services.js';

export const integrationInput = z.object({ type: z.string().regex(/^[a-z][a-z0-9_]{0,40}$/) });

/** What a form holds, by field. */
export const settingsInput = z.record(z.string().max(100), z.json());

export function connectorOf({ registry }: Pick<AdminServices, 'registry'>, type: string): AnyConnector {
  const connector = registry.find(({ id }) => id === type);
  if (!connector) throw new TRPCError({ code: 'NOT_FOUND', message: `there is no connector ${type}` });
  return connector;
}
