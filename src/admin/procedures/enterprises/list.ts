import { readAll } from '../../../integrations/store.js';
import { integrationsOf } from '../../../integrations/enterprise-row.js';
import { signedIn } from '../../procedures.js';
import { mayEnterprise } from '../../rights.js';
import type { PbxState } from '../../services.js';
import { modeOf } from '../../stored-enterprise.js';

export interface EnterpriseListed {
  number: string;
  name: string;
  mode: 'off' | 'shadow' | 'on';
  /** Switched on in the existing system's columns. */
  running: boolean;
  /** Null: no link here (only webhooks, another daemon's, or off). */
  pbx: PbxState | null;
  /** Why it runs on former settings or not at all; null when well. */
  problem: string | null;
  integrations: { type: string; enabled: boolean; problem: string | null }[];
}

/** Those he may see: all, or his own. */
export const list = signedIn.query(async ({ ctx }): Promise<EnterpriseListed[]> => {
  const { pool, directory, connections, delivery, pbx } = ctx.services;
  const rows = await readAll(pool);
  const problems = directory.stats().problems;
  const lanes = new Map(delivery.status().map((lane) => [`${lane.enterprise}/${lane.type}`, lane]));
  return rows
    .filter(({ number }) => mayEnterprise(ctx.identity, number))
    .map((row) => {
      const key = directory.byNumber(row.number)?.pbxKey;
      return {
        number: row.number,
        name: row.name,
        mode: modeOf(row),
        running: row.running,
        pbx: key === undefined ? null : pbx.state(key),
        problem: problems.get(row.number) ?? null,
        integrations: Object.entries(integrationsOf(row)).map(([type, settings]) => ({
          type,
          enabled: settings['enabled'] === true,
          problem:
            connections.problems().get(`${row.number}/${type}`) ??
            lanes.get(`${row.number}/${type}`)?.paused?.why ??
            null,
        })),
      };
    });
});
