/** `trunkline doctor [ENTERPRISE]`: asks every part as the daemon would, with connections of its own; changes nothing. */
import { parseArgs } from 'node:util';
import { accountDeps } from '../accounts-joint.js';
import { pbxStateOf } from '../admin-joint.js';
import { examine } from '../admin/doctor.js';
import type { Finding } from '../admin/doctor.js';
import { reach } from '../admin/reach.js';
import { createPbxLinks } from '../ami/links.js';
import { integrationSource, pbxTarget } from '../app-joints.js';
import type { Enterprise } from '../config/enterprise.js';
import { createConnections } from '../integrations/connections.js';
import { createCrmUsers } from '../integrations/crm-users.js';
import { createDirectory } from '../integrations/directory.js';
import { registry } from '../integrations/registry.js';
import { createAddressGuard } from '../platform/address-guard.js';
import { systemClock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import { createUndiciHttp } from '../platform/undici-http.js';
import { createPresences } from '../redirect/presence.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { printable } from './printable.js';
import { withWorkbench } from './workbench.js';
import type { Workbench } from './workbench.js';

/** How long a PBX may take to let us in and to be caught up with. */
const LINK_MS = 10_000;
const LOOK_MS = 50;
const SIGNS = { ok: 'ok  ', warning: 'warn', error: 'FAIL' } as const;

/** Exit code 1 when anything is wrong. */
export async function doctor(context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: context.argv,
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, russian: { type: 'boolean', default: false } },
  });
  if (positionals.length > 1) throw new UsageError('name one enterprise, or none for all');
  return withWorkbench(context, async (bench) => {
    const { database, vault, log } = bench;
    const directory = createDirectory({ db: database.pool, vault, clock: systemClock, log });
    await directory.refresh();
    const [number] = positionals;
    const all = directory.all().filter((one) => number === undefined || one.number === number);
    if (number !== undefined && all.length === 0)
      throw new TrunklineError('ENTERPRISE_UNKNOWN', `there is no enterprise ${number} that is switched on`);
    const report: { enterprise: string; findings: Finding[] }[] = [];
    for (const enterprise of all)
      report.push({ enterprise: enterprise.number, findings: await findingsOf(bench, enterprise) });
    const language = values.russian ? 'ru' : 'en';
    if (values.json) context.stdout(JSON.stringify(report));
    else for (const { enterprise, findings } of report) print(context, enterprise, findings, language);
    return report.some(({ findings }) => findings.some(({ level }) => level === 'error')) ? 1 : 0;
  });
}

async function findingsOf(bench: Workbench, enterprise: Enterprise): Promise<Finding[]> {
  const { config, database, log, vault, secretFields } = bench;
  const { pool } = database;
  const directory = { byNumber: () => enterprise };
  const crmUsers = createCrmUsers({ db: pool, clock: systemClock, log, accounts: () => [], live: () => null });
  const links = createPbxLinks({ clock: systemClock, log, onFact: () => undefined });
  const http = createUndiciHttp({ guard: createAddressGuard({ allowTargets: config.allowTargets }) });
  const connections = createConnections({
    registry,
    source: () => integrationSource(enterprise),
    // What an account learns while it is asked (a renewed pair of tokens) is kept, as the daemon keeps it.
    deps: (place) => ({
      http,
      publicUrl: config.publicUrl,
      ...accountDeps({ pool, save: { vault, secretFields }, directory, crmUsers: () => crmUsers }, place),
    }),
    log,
  });
  const link = () => links.get(enterprise.pbxKey);
  const presences = createPresences({
    clock: systemClock,
    log,
    pbx() {
      const asked = link();
      if (!asked || asked.state().phase === 'away') return null;
      return {
        list: (action, headers, deadlineMs) => asked.list(action, headers, { deadlineMs }),
        batch: (actions, deadlineMs) => asked.batch(actions, { deadlineMs }),
        skewMs: () => asked.state().skewMs,
        leaseLeftMs: () => LINK_MS,
      };
    },
  });
  try {
    const target = pbxTarget(enterprise.pbxKey, [{ ...enterprise, mode: 'on' }]);
    await links.apply(target ? [target] : []);
    for (let left = LINK_MS; left > 0 && target; left -= LOOK_MS) {
      const state = link()?.state();
      if (state?.phase === 'live' || state?.lastError) break;
      await systemClock.sleep(LOOK_MS);
    }
    return await examine(enterprise, {
      database: async () => {
        await pool.query('SELECT 1');
        return null;
      },
      pbx: () => pbxStateOf(link()),
      hasContext: (name) => presences.hasContext(enterprise.pbxKey, name),
      crms: registry.flatMap(({ id: type }) => {
        const connection = connections.of(enterprise.number, type)?.connection;
        if (!connection) return [];
        const users = connection.users
          ? (signal: AbortSignal) => connection.users?.(signal) ?? Promise.resolve([])
          : null;
        return [{ type, check: (signal: AbortSignal) => connection.check(signal), users }];
      }),
      publicUrl: config.publicUrl,
      reach,
    });
  } finally {
    await links.stop();
    await connections.close();
    await http.close();
  }
}

function print(
  { stdout }: CommandContext,
  enterprise: string,
  findings: readonly Finding[],
  language: 'ru' | 'en',
): void {
  stdout(`enterprise ${enterprise}`);
  for (const { id, level, found, remedy } of findings) {
    stdout(printable(`  ${SIGNS[level]} ${id}: ${found[language]}`));
    if (remedy) stdout(printable(`       → ${remedy[language]}`));
  }
}
