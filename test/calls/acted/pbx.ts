/**
 * An acted PBX: channels, dials and bridges that tell the facts a real Asterisk would, in its order and with its stamps.
 * What happens on it is known to whoever acts, so that what the tracker makes of the facts can be compared with the truth.
 */
import type { ChannelInfo, Fact } from '../../../src/calls/facts.js';

type Body<F = Fact> = F extends Fact ? Omit<F, 'source' | 'at' | 'arrivedAt' | 'stamped'> : never;

/** A fact and the channels it is about: each of them tells its facts in order. */
export interface ActedFact {
  fact: Fact;
  legs: string[];
}

export interface Channel {
  info: ChannelInfo;
  bridge: string | null;
}

/** A dialled phone: its own channel, and the Local halves it was reached through, nearest to the caller first. */
export interface Reached {
  phone: Channel;
  halves: [Channel, Channel] | null;
}

export class ActedPbx {
  readonly told: ActedFact[] = [];
  /** Clock of the PBX, Unix ms. */
  now: number;
  #channels: number;
  #bridges = 0;
  /** Who has been in each bridge. */
  readonly #members = new Map<string, Channel[]>();

  /** @param first number of the first channel, so that several calls share one PBX */
  constructor(startAt: number, first = 0) {
    this.now = startAt;
    this.#channels = first;
  }

  wait(ms: number): void {
    this.now += ms;
  }

  /** A new channel. `of`: the channel whose call it belongs to from the start. */
  channel(endpoint: string, of: Channel | null, over: Partial<ChannelInfo>): Channel {
    const number = this.#channels++;
    const uid = `${String(Math.floor(this.now / 1000))}.${String(number)}`;
    const name = endpoint.includes('/') ? endpoint : `PJSIP/${endpoint}-${number.toString(16).padStart(8, '0')}`;
    const info: ChannelInfo = {
      uid,
      linkedid: of?.info.linkedid ?? uid,
      name,
      state: 'down',
      callerNum: null,
      callerName: null,
      connectedNum: null,
      connectedName: null,
      context: 'internal',
      exten: null,
      ...over,
    };
    const channel = { info, bridge: null };
    // Who makes a channel tells of it, before anything he does with it.
    this.#tell({ kind: 'channel.new', channel: { ...info } }, channel, ...(of === null ? [] : [of]));
    return channel;
  }

  seen(channel: Channel, over: Partial<ChannelInfo>): void {
    Object.assign(channel.info, over);
    this.#tell({ kind: 'channel.seen', channel: { ...channel.info } }, channel);
  }

  state(channel: Channel, state: string): void {
    channel.info.state = state;
    this.#tell({ kind: 'channel.state', channel: { ...channel.info } }, channel);
  }

  /** Calls a phone, straight or over a Local channel. */
  dial(by: Channel, endpoint: string, over: Partial<ChannelInfo>, dialString: string, local: boolean): Reached {
    const shown = { connectedNum: by.info.callerNum };
    if (!local) {
      const phone = this.channel(endpoint, by, over);
      this.seen(phone, shown);
      this.#begin(by, phone, dialString);
      return { phone, halves: null };
    }
    const [first, second] = this.localPair(by, dialString.replace(/@.*$/, ''));
    this.#begin(by, first, `${dialString}@internal`);
    const phone = this.channel(endpoint, by, over);
    this.#begin(second, phone, dialString);
    return { phone, halves: [first, second] };
  }

  localPair(of: Channel, dialled: string): [Channel, Channel] {
    const pair = `Local/${dialled}@internal-${(this.#channels + 0x1000).toString(16).padStart(8, '0')}`;
    const first = this.channel(`${pair};1`, of, { exten: dialled });
    const second = this.channel(`${pair};2`, of, { exten: dialled, state: 'ring' });
    this.#tell({ kind: 'local.pair', one: { ...first.info }, two: { ...second.info } }, first, second);
    return [first, second];
  }

  begin(by: Channel, dest: Channel, dialString: string): void {
    this.#begin(by, dest, dialString);
  }

  rings({ phone, halves }: Reached): void {
    this.state(phone, 'ringing');
    if (halves) this.state(halves[0], 'ringing');
  }

  /** The phone answers: its dial ends, and that of the Local channel before it. */
  answers(by: Channel, { phone, halves }: Reached): void {
    this.state(phone, 'up');
    if (halves) {
      const [first, second] = halves;
      this.ends(second, phone, 'ANSWER');
      this.state(second, 'up');
      this.state(first, 'up');
      this.bridge(phone, second);
      this.ends(by, first, 'ANSWER');
    } else {
      this.ends(by, phone, 'ANSWER');
    }
    if (by.info.state !== 'up') this.state(by, 'up');
  }

  /** A dial that comes to nothing, and the end of its channels. */
  fails(by: Channel, { phone, halves }: Reached, status: string, cause = 16): void {
    if (halves) {
      const [first, second] = halves;
      this.ends(second, phone, status);
      this.gone(phone, cause);
      this.ends(by, first, status === 'CANCEL' ? 'CANCEL' : status);
      this.gone(second, cause);
      this.gone(first, cause);
    } else {
      this.ends(by, phone, status);
      this.gone(phone, cause);
    }
  }

  ends(by: Channel, dest: Channel, status: string): void {
    const { told } = this;
    told.push({
      fact: this.#stamped({ kind: 'dial.end', channel: { ...by.info }, dest: { ...dest.info }, status }),
      legs: [by.info.uid, dest.info.uid],
    });
  }

  bridge(...channels: Channel[]): string {
    const bridge = `bridge-${channels[0]?.info.uid ?? ''}-${String(this.#bridges++)}`;
    this.told.push({
      fact: this.#stamped({ kind: 'bridge.create', bridge, bridgeType: 'basic', technology: 'simple_bridge' }),
      legs: channels.map((one) => one.info.uid),
    });
    for (const channel of channels) this.enter(channel, bridge);
    return bridge;
  }

  enter(channel: Channel, bridge: string): void {
    if (channel.bridge !== null) this.leave(channel);
    channel.bridge = bridge;
    this.#members.set(bridge, [...(this.#members.get(bridge) ?? []), channel]);
    const technology = 'simple_bridge';
    this.#tell(
      { kind: 'bridge.enter', bridge, bridgeType: 'basic', technology, channel: { ...channel.info } },
      channel,
    );
  }

  leave(channel: Channel): void {
    if (channel.bridge === null) return;
    const { bridge } = channel;
    this.#tell({ kind: 'bridge.leave', bridge, channel: { ...channel.info } }, channel);
    channel.bridge = null;
    const members = this.#members.get(bridge) ?? [];
    if (members.every((one) => one.bridge !== bridge)) this.#tell({ kind: 'bridge.destroy', bridge }, ...members);
  }

  hold(channel: Channel, on: boolean): void {
    this.#tell({ kind: 'channel.hold', channel: { ...channel.info }, on }, channel);
  }

  blind(by: Channel, client: Channel, exten: string): void {
    const fact: Body = {
      kind: 'transfer.blind',
      transferer: { ...by.info },
      transferee: { ...client.info },
      exten,
      context: 'internal',
      ok: true,
    };
    this.#tell(fact, by, client);
  }

  attended(by: Channel, second: Channel, client: Channel, target: Channel): void {
    const fact: Body = {
      kind: 'transfer.attended',
      transferer: { ...by.info },
      secondTransferer: { ...second.info },
      transferee: { ...client.info },
      target: { ...target.info },
      ok: true,
    };
    this.#tell(fact, by, second, client, target);
  }

  pickup(picker: Channel, target: Channel): void {
    this.#tell({ kind: 'pickup', channel: { ...picker.info }, target: { ...target.info } }, picker, target);
  }

  joinQueue(channel: Channel, queue: string): void {
    this.#tell({ kind: 'queue.join', channel: { ...channel.info }, queue }, channel);
  }

  gone(channel: Channel, cause = 16): void {
    this.leave(channel);
    this.#tell({ kind: 'channel.gone', channel: { ...channel.info }, cause }, channel);
  }

  #begin(by: Channel, dest: Channel, dialString: string): void {
    this.#tell({ kind: 'dial.begin', channel: { ...by.info }, dest: { ...dest.info }, dialString }, by, dest);
  }

  #tell(body: Body, ...channels: Channel[]): void {
    this.told.push({ fact: this.#stamped(body), legs: channels.map((one) => one.info.uid) });
  }

  #stamped(body: Body): Fact {
    return { ...body, source: 'ami', at: this.now, arrivedAt: this.now, stamped: true } as Fact;
  }
}
