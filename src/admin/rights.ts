/** Who somebody is and what he may. Pure. */
export interface Identity {
  /** `super` sees and does all; `enterprise` is an administrator of one. */
  kind: 'super' | 'enterprise';
  /** Null of a super-admin. */
  enterprise: string | null;
  /** How the audit log calls him: `account:ann`, `user:anna@example.invalid`, `session:super`. */
  actor: string;
  /** For the page. */
  name: string;
  /** Of an account of ours; null of a log-in the existing system made. */
  accountId: string | null;
}

export function mayEnterprise(identity: Identity, enterprise: string): boolean {
  return identity.kind === 'super' || identity.enterprise === enterprise;
}
