import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { AmiSession } from '../../src/ami/session.js';
import type { SessionStats } from '../../src/ami/session.js';
import { planLink } from '../../src/ami/target.js';
import { translate } from '../../src/ami/translate.js';
import type { AmiMessage } from '../../src/ami/message.js';
import type { Fact } from '../../src/calls/facts.js';
import type { CallFacts } from '../../src/calls/vocabulary.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import { runs } from '../calls/acted/runs.js';
import { Run } from '../calls/run-tracker.js';
import type { AmiServer } from '../support/ami-server.js';
import { startAmiServer } from '../support/ami-server.js';
import { until } from '../support/until.js';
import type { Attack } from './hostile-streams.js';
import { MAX_TEXT, VICTIM, hostileStream, isHis, victimStream } from './hostile-streams.js';
import { QUICK, numbered, targetOf } from './rig.js';
import type { TransportName } from './rig.js';

/** Everything the session gives out of a stream, in order, as facts. */
interface Reader {
  read(bytes: Buffer): Promise<Fact[]>;
  stats(): SessionStats;
}

const MARK = 777;

function createReader(session: AmiSession, server: AmiServer, events: AmiMessage[]): Reader {
  return {
    stats: () => session.stats(),
    async read(bytes) {
      events.length = 0;
      const peer = await server.login();
      const done = new Promise<void>((resolve) => (marked = resolve));
      peer.write(Buffer.concat([bytes, Buffer.from(numbered(MARK))]));
      await done;
      return events.flatMap((message) => {
        const fact = translate(message, 0);
        // As if it had arrived when the PBX stamped it.
        return fact ? [{ ...fact, arrivedAt: fact.at }] : [];
      });
    },
  };
}

let marked: () => void = () => undefined;

async function withReader(transport: TransportName, use: (reader: Reader) => Promise<void>): Promise<void> {
  const server = await startAmiServer();
  const target = targetOf(server.port, { transport });
  const events: AmiMessage[] = [];
  const session = new AmiSession({
    target,
    plan: planLink(target),
    clock: systemClock,
    log: createLogger('silent'),
    settings: QUICK,
    listener: {
      onUp: () => undefined,
      onEvent: (message) => {
        if (message.get('Uniqueid')?.endsWith(`.${String(MARK)}`)) marked();
        else events.push(message);
      },
      onCut: () => undefined,
      onLost: () => undefined,
    },
  });
  session.start();
  try {
    await until('the session', () => session.state === 'up');
    await use(createReader(session, server, events));
  } finally {
    await session.stop();
    await server.close();
  }
}

/** The tracker's records of these facts; at the end the PBX is asked and has no channel left. */
function recordsOf(facts: readonly Fact[]): CallFacts[] {
  const run = new Run({ confirmHangups: true }).feed(facts);
  const at = (facts.at(-1)?.at ?? 0) + 1_000;
  run.feed([{ kind: 'snapshot', channels: [], source: 'ami', at, arrivedAt: at, stamped: false }]);
  expect(run.tracker.liveCalls()).toEqual([]);
  return run.records;
}

const { uid, channel, phone, phoneUid } = VICTIM;
const aims = [
  ['PJSIP/trunk-00000000', uid],
  ['PJSIP/150-00000001', phoneUid],
] as const;

const anonymous = (call: CallFacts): CallFacts => ({ ...call, id: '' });

/** Whole and half events of every class, as long as 79 characters hold; and ends of his own events. */
function attacks(): Attack[] {
  const classes = ['Hangup', 'BridgeEnter', 'BridgeLeave', 'BridgeDestroy', 'DialBegin', 'DialEnd', 'NewCallerid'];
  classes.push('NewConnectedLine', 'AttendedTransfer', 'BlindTransfer', 'Cdr', 'VarSet', 'UserEvent', 'Pickup');
  classes.push('LocalBridge', 'Rename', 'Newstate', 'Hold', 'Status', 'StatusComplete', 'Shutdown', 'FullyBooted');
  const texts: string[] = [];
  for (const name of classes)
    for (const [of, its] of aims) {
      texts.push(`1\r\n\r\nEvent: ${name}\r\nUniqueid: ${its}\r\n\r\n`);
      texts.push(`1\r\n\r\nEvent: ${name}\r\nPrivilege: call,all\r\nChannel: ${of}\r\nUniqueid: ${its}\r\n\r\n`);
      texts.push(`1\r\n\r\nEvent:${name}\r\nPrivilege:\r\nTimestamp: 1795386356.1\r\nUniqueid:${its}\r\n`);
    }
  const ends = aims.flatMap(([, its]) => [
    `1\r\nPriority: 1\r\nUniqueid: ${its}\r\nLinkedid: ${its}\r\n\r\n`,
    `1\r\nPriority: 1\r\nUniqueid: ${its}\r\n\r\nEvent:X\r\nPrivilege:\r\nA:`,
    `1\r\nPriority: 1\r\nUniqueid: ${its}\r\n\r\nEvent:X\r\nA:`,
    `1\r\nPriority: 1\r\nUniqueid: ${its}\r\n\r\nEvent:Hold\r\nPrivilege:\r\nChannel:x\r\n`,
    `1\r\nPriority: 1\r\nUniqueid: ${its}\r\n\r\nEvent:Hold\r\nCallerIDNum:\r\n\r\n`,
    `1\r\nPriority:1\r\nUniqueid: ${its}\r\nCause: 16\r\nCause-txt: x\r\n\r\n`,
    `1\r\nPriority:\r\nUniqueid:${its}\r\nVariable:MIXMONITOR_FILENAME\r\nValue:/\r\n\r\n`,
    `1\r\nPriority:\r\nUniqueid:${its}\r\nVariable:LisAMI_EventData\r\nValue:x\r\n\r\n`,
    `1\r\nPriority: 1\r\nUniqueid: 1795386355.2\r\nLinkedid: ${its}\r\n\r\n`,
    `1\r\nPriority: 1\r\nUniqueid: 1795386355.2\r\nLinkedid: 1795386355.2\r\n\r\n`,
    `1\r\nUniqueid: ${its}`,
    `1\r\nTimestamp: 1995386355.1`,
  ]);
  return [
    ...texts.map((number) => ({ number, exten: '0001360' })),
    ...ends.map((exten) => ({ number: '80290000001', exten })),
    ...ends.map((exten) => ({ number: texts[0] ?? '', exten })),
  ].map(cut);
}

const cut = ({ number, exten }: Attack): Attack => ({
  number: number.slice(0, MAX_TEXT),
  exten: exten.slice(0, MAX_TEXT),
});

/** Anything that might be put together of such parts. */
const part = fc.constantFrom(
  ...[
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\0',
    '\xff',
    '1',
    ':',
    'Event: Hangup\r\n',
    'Event:Hold\r\n',
    'Event: X\r\n',
    'Response: Success\r\n',
  ],
  ...[
    'Privilege: call,all\r\n',
    'Privilege:\r\n',
    'Priority: 1\r\n',
    'Cause: 16\r\n',
    'Cause-txt:\r\n',
    'CallerIDNum:\r\n',
  ],
  ...[
    `Uniqueid: ${uid}\r\n`,
    `Linkedid: ${uid}\r\n`,
    `Uniqueid: ${phoneUid}\r\n`,
    `Channel: ${channel}\r\n`,
    `Channel: ${phone}\r\n`,
  ],
  ...['Variable:MIXMONITOR_FILENAME\r\n', 'Value:/x\r\n', 'Timestamp: 1995386355.1\r\n', 'ChannelState: 6\r\n', 'A:'],
);
const text = fc.array(part, { minLength: 1, maxLength: 9 }).map((parts) => `1${parts.join('')}`);
const attack: fc.Arbitrary<Attack> = fc
  .record({ number: text, exten: fc.oneof(fc.constant('0001360'), text) })
  .map(cut);
const late = fc.integer({ min: -2_100, max: 2_100 });

describe.each(['native', 'asterisk-manager'] as const)('over %s, what a caller writes', (transport) => {
  let undisturbed: CallFacts[] = [];

  beforeAll(async () => {
    await withReader(transport, async (reader) => {
      undisturbed = recordsOf(await reader.read(victimStream())).map(anonymous);
    });
    expect(undisturbed).toMatchObject([{ uid, result: 'answered', answeredBy: '150', external: '+375290000001' }]);
  });

  function expectUnchanged(facts: readonly Fact[]): void {
    const records = recordsOf(facts);
    expect(records.filter((call) => call.uid === uid).map(anonymous)).toEqual(undisturbed);
    expect(records.filter((call) => call.uid !== uid && !isHis(call.uid))).toEqual([]);
  }

  it('changes no other call, whichever event it is made to look like', { timeout: 120_000 }, async () => {
    await withReader(transport, async (reader) => {
      for (const one of attacks())
        for (const lateMs of transport === 'native' ? [-300, 5] : [5]) {
          const facts = await reader.read(hostileStream(one, lateMs));
          try {
            expectUnchanged(facts);
          } catch (error) {
            throw new Error(`${JSON.stringify(one)} ${String(lateMs)} ms later`, { cause: error });
          }
        }
      expect(reader.stats().suspectSince).not.toBeNull();
    });
  });

  it('changes no other call, whatever it is put together of', { timeout: 120_000 }, async () => {
    await withReader(transport, async (reader) => {
      await fc.assert(
        fc.asyncProperty(attack, late, async (one, lateMs) => {
          expectUnchanged(await reader.read(hostileStream(one, lateMs)));
        }),
        runs(transport === 'native' ? 200 : 60),
      );
    });
  });
});
