import { open } from '../../procedures.js';
import type { Identity } from '../../rights.js';

export interface Me {
  kind: 'super' | 'enterprise';
  /** The only one he may see; null of a super-admin. */
  enterprise: string | null;
  name: string;
  /** True for an account of ours, which has a password to change. */
  own: boolean;
}

/** Who calls; null when nobody is logged in. */
export const me = open.query(async ({ ctx }): Promise<Me | null> => {
  const identity = await ctx.identity();
  return identity && meOf(identity);
});

export function meOf({ kind, enterprise, name, accountId }: Identity): Me {
  return { kind, enterprise, name, own: accountId !== null };
}
