/** What a procedure is called with: one request over HTTP, or one connection over a WebSocket. */
import type { Identity } from './rights.js';
import type { AdminServices } from './services.js';
import type { Door } from './sessions.js';
import type { Queryable } from './store.js';

export interface AdminContext {
  services: AdminServices;
  door: Door;
  /** Sets the cookie of the session, or takes it away; null where none can be set. */
  setCookie: ((token: string | null) => void) | null;
  /** Who calls. Over HTTP asked once a request; over a WebSocket, which lives long, at every call. */
  identity(): Promise<Identity | null>;
}

/** What a change says of itself for the audit log, and the transaction it is to be written in. */
export type Audit = (detail: Record<string, unknown>, tx?: Queryable) => Promise<void>;
