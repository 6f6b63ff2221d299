/**
 * Plays one scenario after the other alone on a PBX and keeps what its AMI said, with what each call was:
 *
 *   node --import tsx test/e2e/scenarios/record.ts 22 test/captures/22 'blind transfer'
 *
 * The expected file is derived from the SIP messages and Asterisk's records, never from what the tracker makes of it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS, openGround, type Kind } from './ground.js';
import { uidOf } from './judge.js';
import { SCENARIOS } from './scenarios.js';
import { Scene } from './scene.js';
import { secondsOf, type Truth } from './truth.js';
import type { CdrRow } from '../../pbx/master-csv.js';

const [kind = '', folder = '', part = ''] = process.argv.slice(2);
if (!(kind in KINDS)) throw new Error('say a kind of PBX, a folder and a part of the names');

const ground = await openGround(kind as Kind);
try {
  for (const [index, { name, play }] of SCENARIOS.entries()) {
    if (!name.includes(part)) continue;
    const probe = await ground.asterisk.probe('crm');
    const played = [await play(new Scene(ground, index))].flat();
    // The last events and the records come after the last BYE.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const rows = ground.asterisk.masterCsv();
    const file = name.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase();
    writeFileSync(join(folder, `${file}.ami`), probe.raw());
    writeFileSync(
      join(folder, `${file}.expected.json`),
      `${JSON.stringify(
        played.map((truth) => expectedOf(truth, rows)),
        null,
        1,
      )}\n`,
    );
    await probe.close();
    process.stdout.write(`${file}\n`);
  }
} finally {
  await ground.stop();
}

function expectedOf(truth: Truth, rows: readonly CdrRow[]): object {
  const uid = uidOf(truth, rows);
  const { wait, span, talk } = secondsOf(truth);
  const tenth = (seconds: number) => Math.round(seconds * 10) / 10;
  const [first] = truth.agents;
  return {
    direction: truth.direction,
    ...(truth.external === null ? {} : { external_e164: truth.external }),
    ...(truth.line === null ? {} : { line: truth.line }),
    ...(truth.caller === null ? {} : { caller: truth.caller }),
    rang: truth.rang,
    ...(first === undefined || truth.direction === 'out' ? {} : { answered_by: first }),
    agents: truth.agents,
    ...(truth.agents.length === 0 ? {} : { final_agent: truth.agents.at(-1) }),
    result: truth.result,
    wait_seconds: tenth(wait),
    talk_seconds: tenth(span),
    heard_seconds: tenth(talk),
    transfers: truth.transfers,
    hold: truth.hold,
    ...(truth.queue === null ? {} : { queue: truth.queue }),
    uniqueid: uid,
    uniqueids: [...new Set(rows.filter((row) => row.linkedid === uid).map((row) => row.uniqueid))],
  };
}
