/** A PBX of the fleet's kind with all its phones and the far ends of its trunks. */
import { startAsterisk, type Asterisk } from '../asterisk.js';
import { startAgent, type Agent } from '../sip-agent/agent.js';
import { pjsipConf, portOf, sipFiles } from './channels.js';
import { fleetDialplan, type FleetDialplan, type SmartRedirectFiles } from './dialplan.js';
import { EXTENSIONS, TRUNKS, type Extension, type Trunk } from './ground.js';

export interface FleetPbx extends AsyncDisposable {
  readonly asterisk: Asterisk;
  readonly kind: FleetKind;
  readonly phones: Readonly<Record<Extension, Agent>>;
  /** Clients call from there, and are called there; so is the staff's mobile. */
  readonly trunks: Readonly<Record<Trunk, Agent>>;
  stop(): Promise<void>;
}

/** What the older and the newer hosts of the fleet run. */
export type FleetKind = Pick<FleetDialplan, 'driver' | 'subroutine' | 'localcallStart' | 'outcallEnd'>;

export const KINDS: Readonly<Record<16 | 22, FleetKind>> = {
  16: { driver: 'chan_sip', subroutine: 'Macro', localcallStart: false, outcallEnd: 'CALLERID(num)' },
  22: { driver: 'chan_pjsip', subroutine: 'Gosub', localcallStart: true, outcallEnd: 'ORIG_CALLERID' },
};

/** Short, so that a call takes seconds. */
const WAITS = { greetingSeconds: 0.8, stageSeconds: 1.5, lastStageSeconds: 4, dialSeconds: 3 };

/** Minsk, without summer time. */
export const TIME_ZONE = '<+03>-3';

export async function startFleetPbx(version: 16 | 22, smartRedirect?: SmartRedirectFiles): Promise<FleetPbx> {
  const kind = KINDS[version];
  const asterisk = await startAsterisk({
    version,
    timeZone: TIME_ZONE,
    files: (ports) => ({
      'extensions.conf': fleetDialplan({ ...kind, ...WAITS, smartRedirect }),
      // As the others have it, but for how long it waits for one digit more.
      'features.conf':
        '[general]\nfeaturedigittimeout=2000\ntransferdigittimeout=2\natxfernoanswertimeout=15\n[featuremap]\nblindxfer=>##\natxfer=>*2\n',
      ...(kind.driver === 'chan_pjsip' ? { 'pjsip.conf': pjsipConf(ports) } : sipFiles(ports)),
    }),
  });
  const agents: Agent[] = [];
  let stopped: Promise<void> | null = null;
  const stop = () => (stopped ??= Promise.all(agents.map((agent) => agent.stop())).then(() => asterisk.stop()));
  const start = async <Who extends Extension | Trunk>(names: readonly Who[]) => {
    const started: [Who, Agent][] = [];
    for (const who of names) {
      const port = portOf(asterisk.ports, who);
      const agent = await startAgent({ port, pbxPort: asterisk.sipPort, user: who, headers: [['X-From', who]] });
      agents.push(agent);
      started.push([who, agent]);
    }
    return Object.fromEntries(started) as Record<Who, Agent>;
  };
  try {
    return {
      asterisk,
      kind,
      phones: await start(EXTENSIONS),
      trunks: await start(TRUNKS),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
