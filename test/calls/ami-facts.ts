/** AMI facts by hand, for what no capture shows. Times count in milliseconds from `T0`, by the PBX's clock and ours. */
import type { ChannelInfo, Fact, LiveChannel } from '../../src/calls/facts.js';

export const T0 = 1_795_386_276_000;

type Body<F = Fact> = F extends Fact ? Omit<F, 'source' | 'at' | 'arrivedAt' | 'stamped'> : never;

export function ami(ms: number, body: Body): Fact {
  return { ...body, source: 'ami', at: T0 + ms, arrivedAt: T0 + ms, stamped: true } as Fact;
}

export function system(ms: number, body: Body): Fact {
  return { ...body, source: 'system', at: T0 + ms, arrivedAt: T0 + ms, stamped: false } as Fact;
}

/** A channel named by endpoint and number; `main` is the number of the call's first channel. */
export function channel(endpoint: string, number: number, main: number, over: Partial<ChannelInfo> = {}): ChannelInfo {
  return {
    uid: `1795386276.${number}`,
    linkedid: `1795386276.${main}`,
    name: endpoint.includes('/') ? endpoint : `PJSIP/${endpoint}-${number.toString(16).padStart(8, '0')}`,
    state: 'up',
    callerNum: null,
    callerName: null,
    connectedNum: null,
    connectedName: null,
    context: 'internal',
    exten: null,
    ...over,
  };
}

export const trunk = (number: number, over: Partial<ChannelInfo> = {}) =>
  channel('trunk', number, number, {
    state: 'ring',
    callerNum: '375290000001',
    context: 'from-trunk',
    exten: '0001360',
    ...over,
  });

/** An incoming call up to the moment its phone rings. */
export function ringing(ms: number, main: number, extension = '150', over: Partial<ChannelInfo> = {}): Fact[] {
  const caller = trunk(main, over);
  const phone = channel(extension, main + 1, main, { state: 'down' });
  return [
    ami(ms, { kind: 'channel.new', channel: caller }),
    ami(ms + 10, { kind: 'channel.new', channel: phone }),
    ami(ms + 20, { kind: 'dial.begin', channel: caller, dest: phone, dialString: extension }),
    ami(ms + 30, { kind: 'channel.state', channel: { ...phone, state: 'ringing' } }),
  ];
}

/** … and answered, 500 ms after it began. */
export function answered(ms: number, main: number, extension = '150'): Fact[] {
  const caller = { ...trunk(main), state: 'up' };
  const phone = channel(extension, main + 1, main);
  const bridge = `bridge-${main}`;
  return [
    ...ringing(ms, main, extension),
    ami(ms + 500, { kind: 'dial.end', channel: caller, dest: phone, status: 'ANSWER' }),
    ami(ms + 500, { kind: 'bridge.enter', bridge, bridgeType: 'basic', technology: 'simple_bridge', channel: phone }),
    ami(ms + 500, { kind: 'bridge.enter', bridge, bridgeType: 'basic', technology: 'simple_bridge', channel: caller }),
  ];
}

/** Both sides hang up. */
export function hungUp(ms: number, main: number, extension = '150'): Fact[] {
  return [
    ami(ms, { kind: 'channel.gone', channel: channel(extension, main + 1, main), cause: 16 }),
    ami(ms, { kind: 'channel.gone', channel: { ...trunk(main), state: 'up' }, cause: 16 }),
  ];
}

export function live(info: ChannelInfo, over: Partial<LiveChannel> = {}): LiveChannel {
  return { ...info, bridge: null, application: null, seconds: null, dnid: null, ...over };
}
