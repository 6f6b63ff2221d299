/** `trunkline integrations check|register|authorise ENTERPRISE CRM`: what a person sets off at one account of a CRM. */
import type { CheckResult } from '../integrations/contract.js';
import { mappingHealth } from '../integrations/mapping-health.js';
import type { MappingFinding } from '../integrations/mapping-health.js';
import { chosenExtensions } from '../integrations/people.js';
import { amoCrmStates } from '../letting-in-joint.js';
import { systemClock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import { withAccount } from './account.js';
import type { CommandContext } from './command.js';
import { printable } from './printable.js';

const ASK_MS = 60_000;

/** Whether the account can be used, which rights are missing, and who of ours is nobody there. */
export function integrationsCheck(context: CommandContext): Promise<number> {
  return withAccount(context, async ({ connection, enterprise, type }) => {
    const signal = limited(context);
    const result = await connection.check(signal);
    if (!result.ok || !connection.users) return tell(context, result);
    const users = await connection.users(signal).catch((error: unknown) => {
      context.stdout(printable(`users cannot be listed: ${error instanceof Error ? error.message : String(error)}`));
      return null;
    });
    const settings = enterprise.integrations[type] ?? {};
    const chosen = chosenExtensions(settings['user_extensions'] as Parameters<typeof chosenExtensions>[0]);
    const extensions = enterprise.extensions.map(({ number }) => number);
    const findings = users === null ? [] : mappingHealth(extensions, chosen, users);
    return tell(context, { ...result, warnings: [...result.warnings, ...findings.map(wordsOf)] });
  });
}

/** Tells the CRM of us now, whatever it was told before. */
export function integrationsRegister(context: CommandContext): Promise<number> {
  return withAccount(context, async ({ connection, type }) => {
    if (!connection.register) throw new TrunklineError('CONFIG_INVALID', `${type} has to be told nothing of us`);
    return tell(context, await connection.register(limited(context)));
  });
}

/** Where a person goes to let us into the account. */
export function integrationsAuthorise(context: CommandContext): Promise<number> {
  return withAccount(context, ({ connection, enterprise, type, bench }) => {
    const state = amoCrmStates({ box: bench.box, clock: systemClock }).make(enterprise.number);
    const way = connection.howToLetIn?.(state);
    if (!way)
      throw new TrunklineError(
        'CONFIG_INVALID',
        `${type} of ${enterprise.number} is let in by its settings alone; for an application give its client_id and client_secret, and set TRUNKLINE_PUBLIC_URL`,
      );
    context.stdout(
      'open' in way
        ? `Open this within half an hour, as an administrator of the account, and allow access:\n${way.open}`
        : `Enter this in the application as the address called at installation, and install it:\n${way.enter}`,
    );
    return Promise.resolve(0);
  });
}

function limited({ signal }: CommandContext): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]);
}

function tell({ stdout }: CommandContext, result: CheckResult): number {
  if (!result.ok) {
    stdout(printable(`${result.code}: ${result.why}`));
    return 1;
  }
  stdout(printable(`${result.account}: well`));
  for (const warning of result.warnings) stdout(printable(`warning: ${warning}`));
  return 0;
}

function wordsOf(finding: MappingFinding): string {
  switch (finding.kind) {
    case 'unmapped':
      return `nobody there has extension ${finding.extension}`;
    case 'shared':
      return `extension ${finding.extension} has several users: ${finding.users.join(', ')}`;
    case 'dismissed':
      return `extension ${finding.extension} is of user ${finding.user}, who has left`;
    case 'unknown-user':
      return `extension ${finding.extension} is of user ${finding.user}, whom the CRM does not know`;
  }
}
