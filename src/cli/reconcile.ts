import { parseArgs } from 'node:util';
import { cdrReaderOf, reconcileOf } from '../recovery-context.js';
import { systemClock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import { localIso } from '../platform/time-zone.js';
import { dayIn } from '../recovery/nightly.js';
import type { Reconciled } from '../recovery/reconcile.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { printable } from './printable.js';
import { table } from './table.js';
import { enterpriseIn, enterprisesOnPbx, withWorkbench } from './workbench.js';

/** Reads what the PBX's records have new, and lays the day side by side. Repairs nothing. */
export async function reconcile(context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: context.argv,
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
  const [number, asked] = positionals;
  if (number === undefined || positionals.length > 2) throw new UsageError('an enterprise and a day are asked for');
  return withWorkbench(context, async (bench) => {
    const enterprise = await enterpriseIn(bench, number, { secrets: true });
    const now = systemClock.now();
    const day =
      asked === 'today' ? dayIn(enterprise.timezone, now) : (asked ?? dayIn(enterprise.timezone, now - 86_400_000));
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(Date.parse(`${day}T00:00:00Z`)))
      throw new UsageError('a day is such as 2026-11-20, or today');
    const { pool } = bench.database;
    try {
      await cdrReaderOf(enterprise, { pool, log: bench.log })?.(context.signal);
    } catch (error) {
      if (!(error instanceof TrunklineError)) throw error;
      context.stderr(`what the PBX has new could not be read: ${error.code} ${error.message}`);
    }
    const others = await enterprisesOnPbx(bench, enterprise.pbxKey);
    const result = await reconcileOf(pool, enterprise, others, day);
    for (const line of values.json ? [JSON.stringify(result)] : linesOf(result, enterprise.timezone))
      context.stdout(line);
    return 0;
  });
}

function linesOf(result: Reconciled, zone: string): string[] {
  const { enterprise, day, pbxCalls, ourCalls, recovered, crms, differences } = result;
  const excused = ({ notOwed }: Reconciled['crms'][number]) => Object.values(notOwed).reduce((sum, n) => sum + n, 0);
  return [
    `${enterprise}, ${day}`,
    ...table(
      ['side', 'calls', 'note'],
      [
        { side: 'the PBX', calls: pbxCalls ?? '-', note: pbxCalls === null ? 'no recovery.cdr is set' : '' },
        { side: 'held here', calls: ourCalls, note: recovered > 0 ? `${recovered} of them recovered` : '' },
        ...crms.map((crm) => ({
          side: crm.type,
          calls: crm.acknowledged,
          note: Object.entries(crm.notOwed)
            .map(([why, n]) => `${n} not owed: ${why}`)
            .concat(crm.waiting > 0 ? [`${crm.waiting} on their way`] : [])
            .join('; '),
        })),
      ],
    ),
    ...crms.filter((crm) => crm.acknowledged + excused(crm) < ourCalls).map((crm) => `${crm.type} lacks some`),
    differences.length === 0 ? 'nothing differs' : `${differences.length} differ:`,
    ...differences.map(({ what, call, at, integration, why }) =>
      printable(
        `  ${localIso(at, zone).slice(11, 19)} ${call}: ${what}${integration === null ? '' : ` (${integration})`}: ${why}`,
      ),
    ),
  ];
}
