/** What a PBX would answer about the channels of the calls it is playing. Kept from the events themselves. */
interface LiveChannel {
  name: string;
  uid: string;
  /** Header lines from `Channel` to `Linkedid`. */
  lines: string[];
  bridge: string;
  application: string;
  beganAt: number;
  variables: Map<string, string>;
}

const SNAPSHOT = [
  'Channel',
  'ChannelState',
  'ChannelStateDesc',
  'CallerIDNum',
  'CallerIDName',
  'ConnectedLineNum',
  'ConnectedLineName',
  'Language',
  'AccountCode',
  'Context',
  'Exten',
  'Priority',
  'Uniqueid',
  'Linkedid',
];

export class LiveChannels {
  readonly #byUid = new Map<string, LiveChannel>();

  /** Takes an event that was just told. */
  see(text: string, now: number): void {
    const headers = new Map(
      text.split('\r\n').map((line): [string, string] => {
        const colon = line.indexOf(': ');
        return colon < 0 ? [line.replace(/:$/, ''), ''] : [line.slice(0, colon), line.slice(colon + 2)];
      }),
    );
    const event = headers.get('Event') ?? '';
    const channel = this.#update(headers, '', event === 'Newchannel', now);
    const dest = this.#update(headers, 'Dest', false, now);
    if (event === 'DialBegin' && channel) channel.application = 'Dial';
    if (event === 'DialBegin' && dest) dest.application = 'AppDial';
    if (!channel) return;
    if (event === 'BridgeEnter') channel.bridge = headers.get('BridgeUniqueid') ?? '';
    if (event === 'BridgeLeave') channel.bridge = '';
    if (event === 'Newexten') channel.application = headers.get('Application') ?? '';
    if (event === 'VarSet') channel.variables.set(headers.get('Variable') ?? '', headers.get('Value') ?? '');
    if (event === 'Hangup') this.#byUid.delete(channel.uid);
  }

  /** By name or unique id; all without one. */
  find(wanted?: string): LiveChannel[] {
    const all = [...this.#byUid.values()];
    return wanted === undefined ? all : all.filter(({ name, uid }) => name === wanted || uid === wanted);
  }

  #update(headers: Map<string, string>, prefix: string, isNew: boolean, now: number): LiveChannel | undefined {
    const uid = headers.get(`${prefix}Uniqueid`);
    if (uid === undefined) return undefined;
    let channel = this.#byUid.get(uid);
    if (!channel && isNew) {
      channel = { name: '', uid, lines: [], bridge: '', application: '', beganAt: now, variables: new Map() };
      this.#byUid.set(uid, channel);
    }
    const name = headers.get(`${prefix}Channel`);
    if (channel && name !== undefined && headers.has(`${prefix}ChannelState`)) {
      channel.name = name;
      channel.lines = SNAPSHOT.map((header) => `${header}: ${headers.get(prefix + header) ?? ''}`);
    }
    return channel;
  }
}
