import { callsOn, comeToRest, figuresOf } from './settle.js';
import type { Figures, LoadShape } from './settle.js';
import type { Stage } from './stage.js';
import { postScenarios } from './posts.js';
import type { Poster } from './posts.js';
import { sleep } from './waiting.js';

/** `restart`: the database itself is stopped. The others are what can happen to the line to it. */
export type Absence = 'cut' | 'hang' | 'deafen' | 'restart';

export interface AbsencesOptions extends LoadShape {
  /** One after the other. */
  absences: readonly Absence[];
  awayMs: number;
  /** Between two. */
  restMs: number;
  posting: readonly Poster[];
}

const REST_MS = 90_000;

/** The database goes and comes back while PBXs are heard and the fleet posts. */
export async function absences(stage: Stage, options: AbsencesOptions): Promise<Figures> {
  const began = Date.now();
  const { databaseLine: line } = stage;
  await stage.linked();
  const posts = postScenarios(stage.daemon.url, options.posting);
  const load = await callsOn(stage, options);
  for (const absence of options.absences) {
    await sleep(options.restMs);
    if (absence === 'restart') {
      await stage.restartDatabase(options.awayMs);
    } else {
      line[absence]();
      await sleep(options.awayMs);
      line.heal();
    }
  }
  await sleep(options.restMs);
  const answered = await posts.end();
  const driven = await load.end();
  await stage.linked();
  await comeToRest(stage, REST_MS);
  const wrong = answered.refused.slice(0, 5).map((one) => `a post was refused: ${one}`);
  wrong.push(
    ...(await postsThatAreMissing(stage, answered.accepted)),
    ...(await recordsOfPosts(stage, options.posting)),
  );
  const counted = { posts: answered.total, refused: answered.refused.length };
  return figuresOf(stage, { name: 'database', rounds: options.absences.length, began, counted, wrong }, driven);
}

/** Each accepted post is consumed once, or a duplicate by the rule; none is missing, none is there twice. */
async function postsThatAreMissing(stage: Stage, accepted: ReadonlyMap<string, number>): Promise<string[]> {
  const { rows } = await stage.pool.query<{ enterprise: string; n: number }>(
    `SELECT enterprise_number AS enterprise, count(*)::int AS n FROM asterisk_logs
      WHERE source = 'webhook' GROUP BY enterprise_number`,
  );
  const consumed = new Map(rows.map((row) => [row.enterprise, row.n]));
  return [...accepted].flatMap(([enterprise, n]) => {
    const found = consumed.get(enterprise) ?? 0;
    return found === n ? [] : [`${enterprise}: ${n} posts were accepted and ${found} are stored`];
  });
}

/** One record of every finished call that was posted. */
async function recordsOfPosts({ pool, crm }: Stage, posting: readonly Poster[]): Promise<string[]> {
  const { rows } = await pool.query<{ externalId: string }>(
    `SELECT external_id AS "externalId" FROM calls c
      WHERE enterprise_number = ANY ($1) AND direction <> 'internal' AND phone IS NOT NULL AND merged_into IS NULL
        AND EXISTS (SELECT FROM call_events e WHERE e.call_id = c.id AND e.kind = 'call.finished')`,
    [posting.map((one) => one.number)],
  );
  const wrong = rows.flatMap(({ externalId }) => {
    const count = crm.state.calls.filter((record) => record.externalId === externalId).length;
    return count === 1 ? [] : [`${externalId} was posted and has ${count} records`];
  });
  return rows.length > 0 ? wrong : ['no call came of the posts'];
}
