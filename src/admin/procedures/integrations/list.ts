import { lightOf } from '../../integration-light.js';
import type { Light } from '../../integration-light.js';
import { lastAttempts } from '../../integrations-store.js';
import { ofEnterprise } from '../../procedures.js';
import { storedEnterprise } from '../../stored-enterprise.js';

export interface IntegrationCard {
  type: string;
  title: string;
  enabled: boolean;
  /** False before anything was ever saved. */
  configured: boolean;
  version: number;
  light: Light;
}

/** A card for every kind of CRM there is. */
export const list = ofEnterprise.query(async ({ ctx, input }): Promise<IntegrationCard[]> => {
  const { services } = ctx;
  const { registry, pool, delivery } = services;
  const stored = await storedEnterprise(services, pool, input.enterprise);
  const last = await lastAttempts(
    pool,
    input.enterprise,
    registry.map(({ id }) => id),
  );
  const lanes = delivery.status().filter(({ enterprise }) => enterprise === input.enterprise);
  return registry.map(({ id: type, title, settings: schema }) => {
    const { settings, configured, version } = stored.integration(type);
    const enabled = settings['enabled'] === true;
    const parsed = enabled ? schema.safeParse(settings) : null;
    return {
      type,
      title,
      enabled,
      configured,
      version,
      light: lightOf({
        enabled,
        mode: stored.mode,
        problem: parsed?.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') ?? null,
        lane: lanes.find((lane) => lane.type === type) ?? null,
        last: last.get(type) ?? null,
      }),
    };
  });
});
