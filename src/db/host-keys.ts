import type { HostKeys } from '../platform/ssh.js';
import type { Queryable } from './pool.js';

/** By which key each host is known, kept from the first time on. */
export function createHostKeys(db: Queryable): HostKeys {
  return {
    async pin(host, port, seen) {
      const { rows } = await db.query<{ fingerprint: string }>(
        `INSERT INTO ssh_host_keys AS known (host, port, fingerprint) VALUES ($1, $2, $3)
         ON CONFLICT (host, port) DO UPDATE SET fingerprint = known.fingerprint RETURNING fingerprint`,
        [host, port, seen],
      );
      return rows[0]?.fingerprint ?? seen;
    },
  };
}
