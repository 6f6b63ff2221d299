import { crmsOf, examine } from '../../doctor.js';
import type { Finding } from '../../finding.js';
import { ofEnterprise } from '../../procedures.js';
import { reach } from '../../reach.js';
import { TrunklineError } from '../../../platform/errors.js';

/** Asks every part this enterprise needs; each finding with its remedy. Takes as long as the slowest answers. */
export const run = ofEnterprise.query(async ({ ctx, input }): Promise<Finding[]> => {
  const { pool, directory, connections, registry, pbx, publicUrl, lookAtSources } = ctx.services;
  const enterprise = directory.byNumber(input.enterprise);
  const problem = directory.stats().problems.get(input.enterprise);
  if (!enterprise)
    throw new TrunklineError(
      'ENTERPRISE_UNKNOWN',
      problem ?? `${input.enterprise} does not run: it is switched off or not there`,
    );
  return examine(enterprise, {
    database: async () => {
      await pool.query('SELECT 1');
      return null;
    },
    pbx: () => pbx.state(enterprise.pbxKey),
    rights: () => pbx.rights(enterprise.pbxKey),
    hasContext: (context) => pbx.hasContext(enterprise.pbxKey, context),
    crms: crmsOf(registry, connections, input.enterprise),
    sources: (signal) => lookAtSources(enterprise, signal),
    publicUrl,
    reach,
  });
});
