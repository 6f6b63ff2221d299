import { describe, expect, it } from 'vitest';
import { statusToLiveChannel, translate } from '../../src/ami/translate.js';
import { VERSIONS, captureMessages, captureNames } from '../calls/captures.js';
import { createMessage } from './messages.js';
import { channelLines } from './rig.js';

const NOW = 1_795_386_300_000;

function channelHeaders(
  prefix: string,
  uid: string,
  name: string,
  over: Record<string, string> = {},
): [string, string][] {
  const changes = { Channel: name, CallerIDNum: '375290000001', Uniqueid: uid, Linkedid: uid, ...over };
  return channelLines(prefix, changes).map((line) => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
}

function event(name: string, ...headers: [string, string][]) {
  return createMessage([['Event', name], ['Privilege', 'call,all'], ...headers]);
}

describe('an AMI event', () => {
  it('with the PBX’s stamp is dated by it, one without by its arrival', () => {
    const stamped = event(
      'Newchannel',
      ['Timestamp', '1795386276.041234'],
      ...channelHeaders('', '1.0', 'PJSIP/trunk-1'),
    );
    expect(translate(stamped, NOW)).toMatchObject({
      at: 1_795_386_276_041,
      arrivedAt: NOW,
      stamped: true,
      source: 'ami',
    });
    const plain = event('Newchannel', ...channelHeaders('', '1.0', 'PJSIP/trunk-1'));
    expect(translate(plain, NOW)).toMatchObject({ at: NOW, arrivedAt: NOW, stamped: false });
    const odd = event('Newchannel', ['Timestamp', 'soon'], ...channelHeaders('', '1.0', 'PJSIP/trunk-1'));
    expect(translate(odd, NOW)).toMatchObject({ at: NOW, stamped: false });
  });

  it('shows a channel with what is empty or unknown as null', () => {
    const message = event(
      'Newchannel',
      ...channelHeaders('', '1.0', 'PJSIP/trunk-1', { CallerIDName: 'O\\\'Neil \\"x\\" \\\\' }),
    );
    expect(translate(message, NOW)).toEqual({
      kind: 'channel.new',
      source: 'ami',
      at: NOW,
      arrivedAt: NOW,
      stamped: false,
      channel: {
        uid: '1.0',
        linkedid: '1.0',
        name: 'PJSIP/trunk-1',
        state: 'ring',
        callerNum: '375290000001',
        callerName: 'O\'Neil "x" \\',
        connectedNum: null,
        connectedName: null,
        context: 'from-trunk',
        exten: '0001360',
      },
    });
  });

  it('DialState RINGING is a ringing channel, even while it is shown as down', () => {
    const message = event(
      'DialState',
      ...channelHeaders('', '1.0', 'PJSIP/trunk-1'),
      ...channelHeaders('Dest', '1.1', 'PJSIP/150-2', { ChannelStateDesc: 'Down' }),
      ['DialStatus', 'RINGING'],
    );
    expect(translate(message, NOW)).toMatchObject({ kind: 'channel.state', channel: { uid: '1.1', state: 'ringing' } });
  });

  it('DialBegin of an Originate has no calling channel', () => {
    const message = event('DialBegin', ...channelHeaders('Dest', 'crm-orig-1', 'PJSIP/150-2'), ['DialString', '150']);
    expect(translate(message, NOW)).toMatchObject({
      kind: 'dial.begin',
      channel: null,
      dest: { uid: 'crm-orig-1' },
      dialString: '150',
    });
  });

  it.each([
    ['Newchannel', [['Channel', 'PJSIP/150-1']]],
    ['DialBegin', channelHeaders('', '1.0', 'PJSIP/trunk-1')],
    ['DialEnd', channelHeaders('Dest', '1.0', 'PJSIP/trunk-1')],
    ['BridgeEnter', channelHeaders('', '1.0', 'PJSIP/trunk-1')],
    ['BridgeDestroy', []],
    ['LocalBridge', channelHeaders('LocalOne', '1.0', 'Local/1@x-0;1')],
    ['Pickup', channelHeaders('', '1.0', 'PJSIP/150-1')],
    ['Cdr', [['UniqueID', '1.0']]],
  ] as [string, [string, string][]][])('%s without what it must have is no fact', (name, headers) => {
    expect(translate(event(name, ...headers), NOW)).toBeNull();
  });

  it('that tells of no call is no fact', () => {
    for (const name of [
      'FullyBooted',
      'DeviceStateChange',
      'RTCPSent',
      'Newexten',
      'PeerStatus',
      'toString',
      'constructor',
    ]) {
      expect(translate(event(name, ...channelHeaders('', '1.0', 'PJSIP/150-1')), NOW)).toBeNull();
    }
    expect(translate(createMessage([['Response', 'Success']]), NOW)).toBeNull();
  });

  it('VarSet tells the recording’s file and what the fleet’s dialplan says, nothing else', () => {
    const set = (variable: string, value: string) =>
      translate(
        event('VarSet', ...channelHeaders('', '1.0', 'PJSIP/150-1'), ['Variable', variable], ['Value', value]),
        NOW,
      );
    expect(set('MIXMONITOR_FILENAME', '/var/spool/1.wav')).toMatchObject({
      kind: 'recording.file',
      uid: '1.0',
      file: '/var/spool/1.wav',
    });
    expect(set('LisAMI_EventData', 'incallStart_375290000001_0001363')).toMatchObject({
      kind: 'fleet',
      source: 'ami',
      fleet: { event: 'start', uid: '1.0', phone: '375290000001', trunk: '0001363', callType: 0 },
    });
    expect(set('LisAMI_EventData', 'incallDial_375290000001_150&SIP/151_0001363')).toMatchObject({
      fleet: { event: 'dial', extensions: ['150', '151'] },
    });
    expect(set('LisAMI_EventData', 'incallDial_375290000001_150_000_1363')).toBeNull();
    expect(set('LisAMI_EventData', 'incallEnd_375290000001_150_a_b_c_0001363_ANSWER')).toBeNull();
    expect(set('DIALSTATUS', 'ANSWER')).toBeNull();
  });

  it('Cdr of a queue names it', () => {
    const message = event(
      'Cdr',
      ['Channel', 'PJSIP/trunk-1'],
      ['UniqueID', '1.0'],
      ['LastApplication', 'Queue'],
      ['LastData', 'sales,tT,,,15'],
      ['Disposition', 'ANSWERED'],
      ['BillableSeconds', '7'],
    );
    expect(translate(message, NOW)).toMatchObject({
      kind: 'cdr',
      queue: 'sales',
      disposition: 'ANSWERED',
      billableSeconds: 7,
    });
  });
});

describe('a Status answer', () => {
  it('becomes a live channel', () => {
    const message = createMessage([
      ['Event', 'Status'],
      ['Privilege', 'Call'],
      ...channelHeaders('', '1.0', 'PJSIP/trunk-1'),
      ['DNID', '0001360'],
      ['BridgeID', 'b-1'],
      ['Application', 'Dial'],
      ['Seconds', '4'],
    ]);
    expect(statusToLiveChannel(message)).toMatchObject({
      uid: '1.0',
      bridge: 'b-1',
      application: 'Dial',
      seconds: 4,
      dnid: '0001360',
    });
    const bare = createMessage([['Event', 'Status'], ...channelHeaders('', '1.0', 'PJSIP/trunk-1'), ['BridgeID', '']]);
    expect(statusToLiveChannel(bare)).toMatchObject({ bridge: null, application: null, seconds: null, dnid: null });
  });
});

describe('every event of the captures', () => {
  it('is translated or left without a throw, and each fact has its channel', () => {
    let facts = 0;
    for (const version of VERSIONS) {
      for (const name of captureNames(version)) {
        for (const message of captureMessages(version, name)) {
          const fact = translate(message, NOW);
          if (!fact) continue;
          facts += 1;
          expect(fact.stamped).toBe(version !== '20');
          expect(JSON.parse(JSON.stringify(fact))).toEqual(fact);
        }
      }
    }
    expect(facts).toBeGreaterThan(1_400);
  });
});
