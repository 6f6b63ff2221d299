import { headerOf } from '../pbx/ami-probe.js';
import type { AmiProbe, ProbeMessage } from '../pbx/ami-probe.js';

/**
 * What a PBX of the fleet runs beside Asterisk: it reads AMI and posts webhooks, one at a time, in order, never twice. The
 * mapping is that of the fleet's own script: `LisAMI_EventData` gives start, dial and hangup, bridge events give the rest.
 */
export interface FleetPoster {
  /** Status of every post, in order. */
  readonly posted: readonly { path: string; status: number; body: Record<string, unknown> }[];
  /** Resolves when everything read so far is posted; then stops. */
  stop(): Promise<void>;
}

export interface FleetPosterOptions {
  probe: AmiProbe;
  url: string;
  token: string;
  /** What each post comes late, milliseconds. */
  lagMs?: number;
}

export function startFleetPoster({ probe, url, token, lagMs = 0 }: FleetPosterOptions): FleetPoster {
  const posted: { path: string; status: number; body: Record<string, unknown> }[] = [];
  let read = 0;
  let stopping = false;

  async function post(path: string, body: Record<string, unknown>): Promise<void> {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'Content-type': 'application/json', Token: token },
      body: JSON.stringify({ Token: token, ...body }),
    });
    await answer.text();
    posted.push({ path, status: answer.status, body });
  }

  async function run(): Promise<void> {
    while (!stopping || read < probe.messages.length) {
      const message = probe.messages[read];
      if (!message) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        continue;
      }
      read += 1;
      const webhook = webhookOf(message);
      if (!webhook) continue;
      if (lagMs > 0 && !stopping) await new Promise((resolve) => setTimeout(resolve, lagMs));
      await post(webhook.path, webhook.body);
    }
  }

  const done = run();
  return {
    posted,
    async stop() {
      stopping = true;
      await done;
    },
  };
}

function webhookOf(message: ProbeMessage): { path: string; body: Record<string, unknown> } | null {
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
    case 'VarSet':
      return header('Variable') === 'LisAMI_EventData' ? fromEventData(header('Uniqueid'), header('Value')) : null;
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
  '': '1',
  TALK: '5',
};

/** `incallStart_<phone>_<trunk>` and its kin, split at every underscore as the fleet's script does. */
function fromEventData(UniqueId: string, value: string): { path: string; body: Record<string, unknown> } | null {
  const [kind, ...part] = value.split('_');
  const at = (index: number) => part[index] ?? '';
  switch (kind) {
    case 'incallStart':
      return { path: '/start', body: { UniqueId, Phone: at(0), CallType: 0, Trunk: at(1) } };
    case 'incallDial':
      return {
        path: '/dial',
        body: {
          UniqueId,
          Phone: at(0),
          Extensions: at(1).split('&'),
          CallType: 0,
          Trunk: at(2),
          ExtTrunk: '',
          ExtPhone: at(0),
        },
      };
    case 'outcallDial':
      return {
        path: '/dial',
        body: { UniqueId, Phone: at(0), Extensions: [at(1)], CallType: 1, Trunk: at(2), ExtTrunk: '', ExtPhone: '' },
      };
    case 'incallEnd':
    case 'outcallEnd':
      return {
        path: '/hangup',
        body: {
          UniqueId,
          Phone: at(0),
          Extensions: at(1).split('&'),
          CallType: kind === 'incallEnd' ? 0 : 1,
          DateReceived: at(2),
          StartTime: at(3),
          EndTime: at(4),
          CallStatus: STATUS[at(6)] ?? '',
          Trunk: at(5),
        },
      };
    default:
      return null;
  }
}
