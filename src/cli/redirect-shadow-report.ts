import { parseArgs } from 'node:util';
import { systemClock } from '../platform/clock.js';
import { reportOf } from '../redirect/report.js';
import type { RedirectReport } from '../redirect/report.js';
import { decisionsSince } from '../redirect/store.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { table } from './table.js';
import { enterpriseIn, withWorkbench } from './workbench.js';

const DAY_MS = 86_400_000;

export async function redirectShadowReport(context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: context.argv,
    allowPositionals: true,
    options: { days: { type: 'string', default: '7' }, json: { type: 'boolean', default: false } },
  });
  const [number] = positionals;
  const days = Number(values.days);
  if (number === undefined || positionals.length > 1) throw new UsageError('an enterprise is asked for');
  if (!Number.isInteger(days) || days < 1) throw new UsageError('--days takes a number');
  return withWorkbench(context, async (bench) => {
    await enterpriseIn(bench, number, { secrets: false });
    const { database } = bench;
    const calls = await decisionsSince(database.pool, number, systemClock.now() - days * DAY_MS);
    const report = reportOf(calls);
    for (const line of values.json ? [JSON.stringify(report)] : linesOf(report, days)) context.stdout(line);
    return 0;
  });
}

function linesOf(report: RedirectReport, days: number): string[] {
  const { calls, chosen, answeredByChosen, answeredByOther, unanswered, unknown, fellThrough } = report;
  return [
    `${calls} calls decided in ${days} days; a manager was chosen, or would have been, for ${chosen}`,
    `of those ${answeredByChosen} were answered by him, ${answeredByOther} by somebody else, ${unanswered} by nobody; ${unknown} not known`,
    `${fellThrough} were sent to a manager who did not answer`,
    '',
    ...table(['calls', 'action', 'reason'], report.reasons),
    '',
    ...table(['integration', 'owner', 'nobody', 'failed', 'late', 'medianMs', 'slowestMs'], report.integrations),
  ];
}
