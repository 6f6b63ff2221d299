/** The settings and secrets of every scope, as read at one look. */
import { PLATFORM } from './kinds.js';
import type { SecretsPort, Whom } from './ports.js';
import { readAllSettings } from './settings-store.js';
import { DEFAULTS, channelsOf, readSettings } from './settings.js';
import type { AlertSettings } from './settings.js';
import type { Queryable } from './store.js';

export interface Everybody {
  of(scope: string): Whom;
  /** By which an enterprise is watched: its own, else the platform's. */
  thresholdsOf(enterprise: string): AlertSettings;
  /** Those that hear of an enterprise's alerts, each with its channels. */
  hearing(enterprise: string): { scope: string; whom: Whom; channels: ReturnType<typeof channelsOf> }[];
}

export async function readEverybody(db: Queryable, secrets: SecretsPort): Promise<Everybody> {
  const stored = new Map((await readAllSettings(db)).map(({ scope, settings }) => [scope, readSettings(settings)]));
  const secretsOf = await secrets.open(db);
  const of = (scope: string): Whom => ({ settings: stored.get(scope) ?? DEFAULTS, secrets: secretsOf(scope) });
  return {
    of,
    thresholdsOf: (enterprise) => stored.get(enterprise) ?? stored.get(PLATFORM) ?? DEFAULTS,
    hearing: (enterprise) =>
      [enterprise, PLATFORM].map((scope) => {
        const whom = of(scope);
        return { scope, whom, channels: channelsOf(whom.settings, whom.secrets) };
      }),
  };
}
