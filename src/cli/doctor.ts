/** `trunkline doctor [ENTERPRISE]`: asks every part as the daemon would, with connections of its own. */
import { parseArgs } from 'node:util';
import { pbxStateOf } from '../admin-joint.js';
import { crmsOf, examine } from '../admin/doctor.js';
import type { Finding } from '../admin/finding.js';
import { reach } from '../admin/reach.js';
import { createPbxLinks } from '../ami/links.js';
import { pbxTarget } from '../app-joints.js';
import type { Enterprise } from '../config/enterprise.js';
import { createDirectory } from '../integrations/directory.js';
import { registry } from '../integrations/registry.js';
import { systemClock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import { lookAt } from '../recovery-context.js';
import { redirectPbx } from '../redirect-joint.js';
import { createPresences } from '../redirect/presence.js';
import { openConnections } from './bench-connections.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { printable } from './printable.js';
import { withWorkbench } from './workbench.js';
import type { Workbench } from './workbench.js';

/** How long a PBX may take to let us in and to be caught up with. */
const LINK_MS = 10_000;
const LOOK_MS = 50;
const SIGNS = { ok: 'ok  ', unknown: '?   ', warning: 'warn', error: 'FAIL' } as const;

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
  const { config, log } = bench;
  const { pool } = bench.database;
  const links = createPbxLinks({ clock: systemClock, log, onFact: () => undefined });
  const { connections, close } = openConnections(bench, { byNumber: () => enterprise });
  const link = () => links.get(enterprise.pbxKey);
  const presences = createPresences({
    clock: systemClock,
    log,
    pbx: () => redirectPbx(link(), () => LINK_MS),
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
      rights: async () => (await link()?.rights()) ?? null,
      hasContext: (name) => presences.hasContext(enterprise.pbxKey, name),
      crms: crmsOf(registry, connections, enterprise.number),
      sources: (signal) => lookAt(pool, enterprise, signal),
      publicUrl: config.publicUrl,
      reach,
    });
  } finally {
    await links.stop();
    await close();
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
