/** What procedures work with. The composition (admin-joint.ts) joins it. */
import type { SecretsPort, Send } from '../alerts/ports.js';
import type { Enterprise } from '../config/enterprise.js';
import type { Connections } from '../integrations/connections.js';
import type { AnyConnector, Connection } from '../integrations/contract.js';
import type { CrmUsers } from '../integrations/crm-users.js';
import type { Directory } from '../integrations/directory.js';
import type { SaveDeps } from '../integrations/save-integration.js';
import type { DeliveryWorker } from '../delivery/worker.js';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import type { Looked } from '../recovery/look.js';
import type { Reconciled } from '../recovery/reconcile.js';
import type { Decision } from '../redirect/ports.js';
import type { Feed } from './feed.js';
import type { Sessions } from './sessions.js';
import type { Pool } from './store.js';
import type { Watch } from './watch.js';

export interface AdminServices {
  pool: Pool;
  clock: Clock;
  log: Logger;
  /** Without a trailing slash; null when not set. */
  publicUrl: string | null;
  sessions: Sessions;
  /** News of an enterprise. */
  feed: Feed;
  /** How long a delivery that is sent again may take. */
  replayLifeMs: number;
  /** The subscriptions that are open. */
  watch: Watch;
  registry: readonly AnyConnector[];
  save: SaveDeps;
  directory: Pick<Directory, 'byNumber' | 'onPbx' | 'all' | 'refresh' | 'loaded' | 'stats'>;
  connections: Pick<Connections, 'of' | 'problems'>;
  /** A connection of its own, for as long as somebody tests it. */
  connect(account: TestedAccount): Connection;
  /** Why a tenant's setting may not lead to this host, when that shows without asking for its address; else null. */
  refusesHost(hostname: string): string | null;
  /** What a person takes along to a CRM's page of consent. */
  letInState(enterprise: string): string;
  /** Whom a call of this client would go to; null without smart redirect. */
  tryRedirect(enterprise: string, phone: string, line: string | null): Promise<Decision | null>;
  /** One day laid side by side and kept; null when there is no such enterprise. */
  reconcile(enterprise: string, day: string): Promise<Reconciled | null>;
  /** What the recovery of an enterprise is to read, looked at. */
  lookAtSources(enterprise: Enterprise, signal: AbortSignal): Promise<readonly Looked[]>;
  /** What became of a call's recording, and where it plays, below the address of the page; null when none was expected. */
  recordingOf(callId: string): Promise<{ state: string; path: string | null } | null>;
  crmUsers: Pick<CrmUsers, 'state' | 'load'>;
  delivery: Pick<DeliveryWorker, 'status' | 'resume'>;
  pbx: PbxPort;
  /** Where their secrets are kept, and how a message goes out. */
  alerts: { secrets: SecretsPort; send: Send };
}

export interface TestedAccount {
  enterprise: string;
  type: string;
  /** As the connector parsed them. */
  settings: Record<string, unknown>;
  /** True when they are the account that is saved: what it learns (a renewed token) is kept. */
  saved: boolean;
}

/** The links to PBXs, as far as an administrator sees them. */
export interface PbxPort {
  state(key: string): PbxState | null;
  reconnect(key: string, why: string): void;
  /** What its AMI user may; null when it does not tell. */
  rights(key: string): Promise<PbxRights | null>;
  /** Whether its dialplan has a context; null when it cannot be asked. */
  hasContext(key: string, context: string): Promise<boolean | null>;
}

/** What the AMI user may do, and the classes of events it gets; null where they are not told. */
export interface PbxRights {
  may(action: string): boolean;
  read: readonly string[] | null;
}

export interface PbxState {
  phase: 'away' | 'catching-up' | 'live';
  /** Of the session: `connecting`, `waiting`, `refused` … */
  session: string;
  /** ISO, when that began. */
  since: string;
  transport: string | null;
  lastError: { code: string; message: string } | null;
  skewMs: number | null;
  pingMs: number | null;
  /** How the PBX calls itself. */
  greeting: string | null;
  /** False when the AMI user may not list channels. */
  canResync: boolean;
  connects: number;
  /** Events since the log-in by name: those a call cannot be followed without, and raw texts of the dialplan. */
  heard: { needed: Readonly<Record<string, number>>; raw: Readonly<Record<string, number>> };
  /** What came and was not believed or could not be read, by why. */
  drops: Readonly<Record<string, number>>;
}
