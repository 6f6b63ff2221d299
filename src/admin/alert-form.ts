/** Settings of alerts as their form shows and sends them. A secret leaves masked and comes back as `unchanged`. */
import { z } from 'zod';
import { channelTroubles } from '../alerts/notices-store.js';
import { readEverybody } from '../alerts/whom.js';
import { readSettingsOf, writeSettings } from '../alerts/settings-store.js';
import { SECRETS, alertSecrets, alertSettings, channelsOf, readSettings } from '../alerts/settings.js';
import type { AlertSecrets, SecretName } from '../alerts/settings.js';
import { sendTest } from '../alerts/send.js';
import { TrunklineError } from '../platform/errors.js';
import type { Audit } from './context.js';
import { FieldErrors, fieldErrors } from './field-errors.js';
import { isUntouched, masked } from './integration-form.js';
import type { AdminServices } from './services.js';
import { inTransaction } from './store.js';

export interface SentAlertForm {
  version: number;
  settings: Record<string, unknown>;
  secrets: Record<string, string | null>;
}

const TEST_MS = 15_000;

export async function readAlertForm({ pool, alerts }: AdminServices, scope: string) {
  const stored = await readSettingsOf(pool, scope);
  const secrets = (await alerts.secrets.open(pool))(scope);
  const settings = readSettings(stored?.settings);
  return {
    version: stored?.version ?? 0,
    settings,
    schema: z.toJSONSchema(alertSettings, { io: 'input' }) as Record<string, unknown>,
    secrets: { botToken: masked(secrets.botToken), webhookUrl: secrets.webhookUrl === null ? null : '••••' },
    /** Where it posts to, without the path, which may hold a key. */
    webhookHost: secrets.webhookUrl === null ? null : new URL(secrets.webhookUrl).host,
    channels: channelsOf(settings, secrets),
    troubles: await channelTroubles(pool, scope),
  };
}

/** @throws TrunklineError CONFIG_CHANGED; FieldErrors */
export async function saveAlertForm(
  services: AdminServices,
  scope: string,
  form: SentAlertForm,
  audit: Audit,
): Promise<{ version: number }> {
  const { pool, alerts } = services;
  return inTransaction(pool, async (tx) => {
    const stored = await readSettingsOf(tx, scope, true);
    const before = readSettings(stored?.settings);
    const parsed = alertSettings.safeParse({ ...before, ...form.settings });
    if (!parsed.success) throw fieldErrors(parsed.error.issues);
    const changed = changedSecrets(form.secrets);
    checkAddress(services, 'telegramUrl', parsed.data.telegramUrl);
    if (changed.webhookUrl) checkAddress(services, 'webhookUrl', changed.webhookUrl);
    const standing = (await alerts.secrets.open(tx))(scope);
    // Else whoever may change the address could have the token sent to himself.
    if (parsed.data.telegramUrl !== before.telegramUrl && standing.botToken !== null && !('botToken' in changed))
      throw new FieldErrors([{ path: 'botToken', message: 'the address has changed: enter it again' }]);
    if (!(await writeSettings(tx, scope, form.version, parsed.data)))
      throw new TrunklineError(
        'CONFIG_CHANGED',
        'the settings of alerts were changed by somebody else: read them again',
      );
    for (const name of SECRETS) {
      const value = changed[name];
      if (value === null) await alerts.secrets.drop(tx, scope, name);
      else if (value !== undefined) await alerts.secrets.put(tx, scope, name, value);
    }
    await audit({ fields: [...Object.keys(form.settings), ...Object.keys(changed)] }, tx);
    return { version: form.version + 1 };
  });
}

/** @throws FieldErrors when nothing is set up */
export async function testAlertChannels({ pool, alerts }: AdminServices, scope: string) {
  const whom = (await readEverybody(pool, alerts.secrets)).of(scope);
  const channels = await sendTest(alerts.send, whom, AbortSignal.timeout(TEST_MS));
  if (channels.length === 0)
    throw new FieldErrors([
      { path: '', message: 'set up a chat with its bot, or an address to post to, and save first' },
    ]);
  return { channels };
}

function changedSecrets(sent: SentAlertForm['secrets']): Partial<AlertSecrets> {
  const touched = Object.entries(sent).filter(([, value]) => value === null || !isUntouched(value));
  const given = Object.fromEntries(touched.filter(([, value]) => value !== null));
  const parsed = alertSecrets.partial().safeParse(given);
  if (!parsed.success) throw fieldErrors(parsed.error.issues);
  const dropped = touched.filter(([name, value]) => value === null && SECRETS.includes(name as SecretName));
  return { ...(parsed.data as Partial<AlertSecrets>), ...Object.fromEntries(dropped) };
}

function checkAddress({ refusesHost }: AdminServices, path: string, address: string): void {
  const message = refusesHost(new URL(address).hostname);
  if (message !== null) throw new FieldErrors([{ path, message }]);
}
