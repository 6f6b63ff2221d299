/** How the host of a PBX is reached by SSH: recordings and what was missed are read from there. */
import { z } from 'zod';

/** Passwords and keys are sealed by whoever imports them; `secret` reads one as the file writes it. */
export function sshEntry(secret: (what: string) => z.ZodType<string | undefined>) {
  return z.looseObject({
    /** Default: the PBX's own address. */
    host: z.string().min(1).optional(),
    port: z.number().int().min(1).max(65_535).default(22),
    username: z.string().min(1),
    password: secret('the password').optional(),
    /** PEM or OpenSSH, without a passphrase. */
    privateKey: secret('the private key').optional(),
    /** `ssh-keygen -l` of the host's key. Without one the key seen first is kept and any other refused. */
    hostKey: z
      .string()
      .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'is not a fingerprint such as SHA256:…')
      .nullish()
      .transform((value) => value ?? null),
  });
}

export interface SshSettings {
  host: string;
  port: number;
  username: string;
  password: string | null;
  privateKey: string | null;
  hostKey: string | null;
}
