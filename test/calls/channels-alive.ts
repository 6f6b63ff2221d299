/** The channels of a PBX as its facts show them one after another: what it would answer when asked for them all. */
import type { ChannelInfo, Fact, LiveChannel } from '../../src/calls/facts.js';

export class ChannelsAlive {
  readonly #channels = new Map<string, LiveChannel & { bornAt: number }>();

  /** Asterisk shows a channel's last changes after its Hangup sometimes. */
  readonly #gone = new Set<string>();

  saw(fact: Fact): this {
    for (const [info, over] of shownBy(fact)) if (!this.#gone.has(info.uid)) this.#shows(info, over, fact.at);
    if (fact.kind === 'channel.gone') {
      this.#channels.delete(fact.channel.uid);
      this.#gone.add(fact.channel.uid);
    }
    return this;
  }

  has(uid: string): boolean {
    return this.#channels.has(uid);
  }

  /** `at`: by the PBX's clock. */
  snapshot(at: number): LiveChannel[] {
    return [...this.#channels.values()].map(({ bornAt, ...channel }) => ({
      ...channel,
      seconds: Math.floor((at - bornAt) / 1000),
    }));
  }

  #shows(info: ChannelInfo, over: Partial<LiveChannel>, at: number): void {
    const known = this.#channels.get(info.uid) ?? {
      bridge: null,
      application: null,
      seconds: null,
      // What a phone or a line dialled; a channel that is called itself came with none.
      dnid: info.uid === info.linkedid ? info.exten : null,
      bornAt: at,
    };
    this.#channels.set(info.uid, { ...known, ...info, ...over });
  }
}

function shownBy(fact: Fact): [ChannelInfo, Partial<LiveChannel>][] {
  switch (fact.kind) {
    case 'channel.new':
    case 'channel.state':
    case 'channel.seen':
    case 'channel.hold':
      return [[fact.channel, {}]];
    case 'dial.begin':
      return [
        ...(fact.channel === null
          ? []
          : [[fact.channel, { application: 'Dial' }] as [ChannelInfo, Partial<LiveChannel>]]),
        [fact.dest, { application: 'AppDial' }],
      ];
    case 'bridge.enter':
      return [[fact.channel, { bridge: fact.bridge }]];
    case 'bridge.leave':
      return [[fact.channel, { bridge: null }]];
    default:
      return [];
  }
}
