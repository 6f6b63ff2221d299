/**
 * AMI events as the posts the fleet's own script makes of them: `LisAMI_EventData` gives start, dial and hangup, bridge
 * events and NewCallerid give the rest. Its builds differ in one thing here: `snapshot` takes an empty number or line
 * from the calls it has seen begin and loses the event when it knows none; `fixed` posts it with the field empty.
 */
import { headerOf, type ProbeMessage } from '../pbx/ami-probe.js';

export interface FleetPost {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A post with when it was made, Unix ms. */
export type TimedPost = FleetPost & { readonly at: number };

export type ScriptBuild = 'snapshot' | 'fixed';

/** A running script: it remembers the calls it saw begin. */
export function fleetScript(build: ScriptBuild = 'fixed'): (message: ProbeMessage) => FleetPost | null {
  const begun = new Map<string, { phone: string; trunk: string }>();
  return (message) => {
    if (headerOf(message, 'Event') !== 'VarSet') return ofEvent(message);
    if (headerOf(message, 'Variable') !== 'LisAMI_EventData') return null;
    const uid = headerOf(message, 'Uniqueid') ?? '';
    const post = ofEventData(uid, headerOf(message, 'Value') ?? '');
    return post && completed(post, begun, build);
  };
}

/** What a script posts of these events, each at the event's own time. */
export function postsOf(messages: readonly ProbeMessage[], build?: ScriptBuild): TimedPost[] {
  const postOf = fleetScript(build);
  return messages.flatMap((message) => {
    const post = postOf(message);
    return post ? [{ at: Math.round(Number(headerOf(message, 'Timestamp')) * 1_000), ...post }] : [];
  });
}

const NAMELESS = ['', '<unknown>', 'Anonymous'];

function completed(
  post: FleetPost,
  begun: Map<string, { phone: string; trunk: string }>,
  build: ScriptBuild,
): FleetPost | null {
  const { UniqueId, Phone, Trunk, CallType } = post.body as Record<'UniqueId' | 'Phone' | 'Trunk', string> & {
    CallType: number;
  };
  const begins = post.path === '/start' || (post.path === '/dial' && CallType !== 0);
  if (begins && !begun.has(UniqueId)) begun.set(UniqueId, { phone: Phone, trunk: Trunk });
  if (CallType === 2 || !(NAMELESS.includes(Phone) || NAMELESS.includes(Trunk))) return post;
  const known = begun.get(UniqueId);
  if (!known) return build === 'fixed' ? post : null;
  const filled = (value: string, from: string) => (NAMELESS.includes(value) ? from : value);
  return { ...post, body: { ...post.body, Phone: filled(Phone, known.phone), Trunk: filled(Trunk, known.trunk) } };
}

function ofEvent(message: ProbeMessage): FleetPost | null {
  const header = (name: string) => headerOf(message, name) ?? '';
  const parties = {
    CallerIDNum: header('CallerIDNum'),
    CallerIDName: header('CallerIDName'),
    ConnectedLineNum: header('ConnectedLineNum'),
    ConnectedLineName: header('ConnectedLineName'),
  };
  const channel = { UniqueId: header('Uniqueid'), Channel: header('Channel'), ...parties };
  const BridgeUniqueid = header('BridgeUniqueid');
  switch (header('Event')) {
    case 'BridgeEnter':
      return { path: '/bridge', body: { ...channel, BridgeUniqueid, Exten: header('Exten') } };
    case 'BridgeLeave':
      return {
        path: '/bridge_leave',
        body: { ...channel, BridgeUniqueid, BridgeNumChannels: header('BridgeNumChannels') },
      };
    case 'BridgeCreate':
    case 'BridgeDestroy': {
      const noise = {
        BridgeType: '',
        BridgeTechnology: 'simple_bridge',
        BridgeCreator: '<unknown>',
        BridgeName: '<unknown>',
      };
      const path = header('Event') === 'BridgeCreate' ? '/bridge_create' : '/bridge_destroy';
      return { path, body: { UniqueId: '', BridgeUniqueid, ...noise, BridgeNumChannels: '0' } };
    }
    case 'NewCallerid':
      return { path: '/new_callerid', body: { ...channel, Context: header('Context'), Exten: header('Exten') } };
    default:
      return null;
  }
}

const STATUS: Record<string, string> = {
  ANSWER: '2',
  NOANSWER: '0',
  BUSY: '0',
  CONGESTION: '0',
  CHANUNAVAIL: '0',
  CANCEL: '0',
  OTHER: '1',
  '': '1',
  TALK: '5',
};

/** `incallStart_<phone>_<trunk>` and its kin, split at every underscore as the fleet's script does. */
function ofEventData(UniqueId: string, value: string): FleetPost | null {
  const [kind, ...part] = value.split('_');
  const at = (index: number) => part[index] ?? '';
  const dial = (CallType: number, Extensions: string[], Trunk: string, ExtPhone = ''): FleetPost => ({
    path: '/dial',
    body: { UniqueId, Phone: at(0), Extensions, CallType, Trunk, ExtTrunk: '', ExtPhone },
  });
  const ended = { UniqueId, Phone: at(0), Extensions: at(1).split('&') };
  const when = { DateReceived: at(2), StartTime: at(3), EndTime: at(4) };
  switch (kind) {
    case 'incallStart':
      return { path: '/start', body: { UniqueId, Phone: at(0), CallType: 0, Trunk: at(1) } };
    case 'incallDial':
      return dial(0, at(1).split('&'), at(2), at(0));
    case 'outcallDial':
      return dial(1, [at(1)], at(2));
    case 'localcallStart':
      return dial(2, at(1).split('&'), '');
    case 'incallEnd':
    case 'outcallEnd':
      return {
        path: '/hangup',
        body: {
          ...ended,
          CallType: kind === 'incallEnd' ? 0 : 1,
          ...when,
          CallStatus: STATUS[at(6)] ?? '',
          Trunk: at(5),
        },
      };
    case 'localcallEnd':
      return { path: '/hangup', body: { ...ended, CallType: 2, ...when, CallStatus: STATUS[at(5)] ?? '' } };
    default:
      return null;
  }
}
