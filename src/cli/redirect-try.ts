import { parseArgs } from 'node:util';
import { createDirectory } from '../integrations/directory.js';
import { systemClock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import { lookupsOf, redirectEnterprise } from '../redirect-joint.js';
import { createAsk } from '../redirect/ask.js';
import { createDesk } from '../redirect/desk.js';
import { createOwnerCache } from '../redirect/owner-cache.js';
import type { Decision } from '../redirect/ports.js';
import { whoTalked } from '../redirect/store.js';
import { openConnections } from './bench-connections.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { printable } from './printable.js';
import { withWorkbench } from './workbench.js';

/** Asks the real CRMs whom a call of this client would go to; the PBX is not asked and nothing is written. */
export async function redirectTry(context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: context.argv,
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
  const [number, phone, line] = positionals;
  if (number === undefined || phone === undefined || positionals.length > 3)
    throw new UsageError('an enterprise and a phone number are asked for');
  return withWorkbench(context, async (bench) => {
    const { database, vault, log } = bench;
    const directory = createDirectory({ db: database.pool, vault, clock: systemClock, log });
    await directory.refresh();
    const enterprise = directory.byNumber(number);
    if (!enterprise) throw new TrunklineError('ENTERPRISE_UNKNOWN', `there is no enterprise ${number}`);
    const redirecting = redirectEnterprise(enterprise);
    if (!redirecting) throw new TrunklineError('CONFIG_INVALID', `${number} has no settings of smart redirect`);
    const { connections, close } = openConnections(bench, directory);
    try {
      const desk = createDesk({
        clock: systemClock,
        log,
        ask: createAsk({ clock: systemClock, cache: createOwnerCache(systemClock) }),
        lookups: (of) => lookupsOf(connections, of),
        history: (of, client) => whoTalked(database.pool, of, client),
        claim: async () => false,
        read: async () => null,
        finish: async () => undefined,
        goFirst: () => () => undefined,
        presence: () => null,
        onDecided: () => undefined,
        stopping: new AbortController().signal,
      });
      const now = systemClock.now();
      const caller = {
        uid: 'try',
        number: phone,
        line: line ?? null,
        waitsSince: now,
        waitSeconds: null,
        heardAt: now,
      };
      const decision = await desk.decide({ ...caller, enterprise: redirecting, heardBy: 'http' });
      for (const text of values.json ? [JSON.stringify(decision)] : linesOf(decision).map(printable))
        context.stdout(text);
      return 0;
    } finally {
      await close();
    }
  });
}

function linesOf({ phone, line, asked, candidates, namedBy, name, reason, mode }: Decision): string[] {
  return [
    `client     ${phone ?? 'not a number'}${line === null ? '' : ` on line ${line}`}, mode ${mode}`,
    ...asked.map(
      ({ integration, outcome, extension, contact, ms, why }) =>
        `${integration.padEnd(10)} ${outcome} ${[extension, contact, why].filter(Boolean).join(', ')} (${Math.round(ms)} ms)`,
    ),
    `would go   ${candidates.length > 0 ? `${candidates.join(', then ')}, named by ${namedBy ?? '?'}, if the phone can ring` : 'to the default route'}`,
    `because    ${reason}`,
    ...(name === null ? [] : [`shown as   ${name}`]),
  ];
}
