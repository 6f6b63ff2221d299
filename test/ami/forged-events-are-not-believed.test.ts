import { describe, expect, it } from 'vitest';
import type { AmiMessage } from '../../src/ami/message.js';
import { distrust } from '../../src/ami/headers.js';
import { translate } from '../../src/ami/translate.js';
import { VERSIONS, captureMessages, captureNames } from '../calls/captures.js';
import { MAX_TEXT } from './hostile-streams.js';
import { channelLines } from './rig.js';
import { createMessage } from './messages.js';

function message(name: string, lines: string[], privilege: string | null = 'call,all') {
  const pairs = lines.map((line): [string, string] => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  const head: [string, string][] = [['Event', name]];
  if (privilege !== null) head.push(['Privilege', privilege]);
  return createMessage([...head, ...pairs]);
}

describe('an unasked event', () => {
  it('is believed with newer headers between, such as a time stamp or a tenant', () => {
    const lines = [
      'Timestamp: 1.5',
      'SystemName: a',
      ...channelLines(''),
      'Tenantid: t',
      'ChanVariable: a=1',
      'ChanVariable: b=2',
    ];
    expect(distrust(message('Newchannel', lines))).toBeNull();
  });

  it('is believed without what Asterisk 13 does not send yet', () => {
    const old = channelLines('').filter((line) => !/^(Language|Linkedid)/.test(line));
    expect(distrust(message('Newstate', old))).toBeNull();
  });

  it('is refused without Privilege as its second header', () => {
    expect(distrust(message('Newchannel', channelLines(''), null))).toEqual({ reason: 'no-privilege', suspect: true });
  });

  it('is refused with any mandatory header missing', () => {
    const lines = channelLines('').filter((line) => !/^(Language|Linkedid)/.test(line));
    for (const missing of lines) {
      const cut = lines.filter((line) => line !== missing);
      expect(distrust(message('Newchannel', cut))).toEqual({ reason: 'missing-header', suspect: true });
    }
  });

  it('is refused with its headers in another order', () => {
    const lines = channelLines('');
    const [first = '', second = '', ...rest] = lines;
    expect(distrust(message('Hangup', [second, first, ...rest, 'Cause: 16', 'Cause-txt: x']))).toMatchObject({
      reason: 'missing-header',
    });
  });

  it('is refused with a header twice that never is', () => {
    for (const extra of [
      'Uniqueid: 1.9',
      'Linkedid: 1.9',
      'Channel: x',
      'CallerIDNum: 1',
      'Privilege: call,all',
      'Event: A',
    ]) {
      expect(distrust(message('Newstate', [...channelLines(''), extra]))).toEqual({
        reason: 'repeated-header',
        suspect: true,
      });
    }
  });

  it('of a dialplan may repeat its own headers but not the channel’s', () => {
    const body = [...channelLines(''), 'UserEvent: Foo', 'Num: 1', 'Num: 2'];
    expect(distrust(message('UserEvent', body, 'user,all'))).toBeNull();
    expect(distrust(message('UserEvent', [...body, 'Uniqueid: 1.9'], 'user,all'))).toMatchObject({
      reason: 'repeated-header',
    });
  });

  it('without a channel is useless, and suspect only where no PBX sends it so', () => {
    const global = ['Channel: none', 'Uniqueid: none', 'Variable: A', 'Value: 1'];
    expect(distrust(message('VarSet', global, 'dialplan,all'))).toEqual({ reason: 'missing-header', suspect: false });
    expect(distrust(message('UserEvent', ['UserEvent: X'], 'user,all'))).toEqual({
      reason: 'missing-header',
      suspect: false,
    });
    expect(distrust(message('Hangup', ['Uniqueid: 1.2']))).toEqual({ reason: 'missing-header', suspect: true });
  });

  it('of a dial is believed without a caller, but not with half a one', () => {
    const dest = channelLines('Dest');
    expect(distrust(message('DialBegin', [...dest, 'DialString: 150']))).toBeNull();
    expect(distrust(message('DialBegin', [...channelLines(''), ...dest]))).toBeNull();
    expect(distrust(message('DialBegin', ['Channel: x', 'Uniqueid: 1.1', ...dest]))).toMatchObject({
      reason: 'missing-header',
    });
  });

  it('of a call never fits into what a caller can write, in his number and the number he dials together', () => {
    const shortest = new Map<string, number>();
    for (const version of VERSIONS)
      for (const capture of captureNames(version))
        for (const message of captureMessages(version, capture)) {
          if (message.type !== 'event' || !translate(message, 0) || shortest.has(message.name)) continue;
          shortest.set(message.name, shortestOf(message));
        }
    expect(shortest.size).toBeGreaterThan(15);
    expect([...shortest].filter(([, length]) => length <= 2 * MAX_TEXT)).toEqual([]);
  });

  it('with a stamp in another place than the PBX’s is refused', () => {
    const stamp = 'Timestamp: 1995386355.1';
    expect(distrust(message('Newstate', [stamp, ...channelLines('')]))).toBeNull();
    expect(distrust(message('Newstate', [...channelLines(''), stamp]))).toMatchObject({ suspect: true });
    expect(translate(message('Newstate', [stamp, ...channelLines('')]), 5)).toMatchObject({ stamped: true });
    const own = [...channelLines(''), 'UserEvent: Foo', stamp];
    expect(distrust(message('UserEvent', own, 'user,all'))).toBeNull();
    expect(translate(message('UserEvent', own, 'user,all'), 5)).toMatchObject({ stamped: false, at: 5 });
  });
});

/** Characters of the shortest such event that would be believed: without blanks, with the values a call is known by. */
function shortestOf(message: AmiMessage): number {
  let pairs = [...message.entries()].map(([name, value]): [string, string] => [name, NAMES.test(name) ? value : '']);
  for (const pair of pairs.slice(2)) {
    const without = pairs.filter((one) => one !== pair);
    if (distrust(createMessage(without)) === null) pairs = without;
  }
  return pairs.reduce((sum, [name, value]) => sum + name.length + value.length + ':\r\n'.length, '\r\n\r\n'.length);
}

const NAMES = /^Event$|Channel$|Uniqueid$/i;
