/** What smart redirect must be given. Everything else of the daemon fits these or is joined to them in app.ts. */

export type RedirectMode = 'owner' | 'last' | 'first' | 'name' | 'shadow' | 'off';

export type DecidedMode = Exclude<RedirectMode, 'shadow' | 'off'>;

/** What may be different on one line. */
export interface LineSettings {
  mode: RedirectMode;
  otherwise: 'nobody' | 'last' | 'first';
  order: readonly string[];
  shows: readonly ('customer' | 'line')[];
}

export interface RedirectSettings extends LineSettings {
  shadowOf: DecidedMode;
  secret: string | null;
  deadlineMs: number;
  /** By line, `*` for those not named: false leaves its calls alone. */
  lines: Readonly<Record<string, boolean | { [Key in keyof LineSettings]?: LineSettings[Key] | undefined }>>;
  tech: 'PJSIP' | 'SIP' | null;
  waitSeconds: number;
  ringBusy: boolean;
  localContexts: readonly string[];
  fleetContexts: readonly string[];
  /** Questions over HTTP. */
  perSecond: number;
}

/** A person's phone, and when he takes redirected calls. */
export interface RedirectExtension {
  number: string;
  mobile?: string | undefined;
  dnd?: boolean | undefined;
  hours?: string | undefined;
  substitute?: string | undefined;
  target?: string | undefined;
}

export interface RedirectEnterprise {
  number: string;
  mode: 'off' | 'shadow' | 'on';
  timezone: string;
  country: string;
  pbxKey: string;
  extensionPattern: string;
  lines: readonly { id: string; transform: string | null; name: string | null }[] | null;
  /** Its own on a PBX it shares. */
  ownLines: readonly string[];
  extensions: readonly RedirectExtension[];
  /** Whether this extension's manager has said in his CRM that he takes no calls now. */
  away?(extension: string): boolean;
  settings: RedirectSettings;
}

/** Whoever can name a client's owner. */
export interface Lookup {
  integration: string;
  /** Null when it knows neither. @throws when it could not be asked, which is not the same */
  find(phone: string, signal: AbortSignal): Promise<Owner | null>;
}

export interface Owner {
  /** Null when it knows the client and nobody owns him. */
  extension: string | null;
  contact: string | null;
}

/** One PBX, as far as redirect touches it. The messages are those of AMI. */
export interface Pbx {
  list(action: string, headers: Record<string, string>, deadlineMs: number): Promise<PbxMessage[]>;
  /** All in one write; each with its own outcome. */
  batch(
    actions: readonly { name: string; headers: Record<string, string> }[],
    deadlineMs: number,
  ): Promise<PromiseSettledResult<PbxMessage>[]>;
  /** PBX clock minus ours, milliseconds; null while not measured. */
  skewMs(): number | null;
  /** What is left of the lease under which we may act, milliseconds. */
  leaseLeftMs(): number;
}

export interface PbxMessage {
  readonly name: string;
  get(header: string): string | undefined;
}

/** An inbound call that waits to be told where to go. */
export interface Caller {
  enterprise: RedirectEnterprise;
  uid: string;
  /** As the PBX shows it, cleaned by its dialplan. */
  number: string | null;
  line: string | null;
  /** When the wait began, Unix ms on the PBX's clock; never later than it did. */
  waitsSince: number;
  /** How long it lasts; null where its dialplan did not say. */
  waitSeconds: number | null;
  /** By our clock, when we heard of it. */
  heardAt: number;
  heardBy: 'event' | 'http' | 'resync';
}

export type AskOutcome = 'owner' | 'nobody' | 'failed' | 'late';

/** What one integration said, or did not. */
export interface Asked {
  integration: string;
  outcome: AskOutcome;
  extension: string | null;
  contact: string | null;
  ms: number;
  cached: boolean;
  why: string | null;
}

export type RedirectAction = 'go' | 'release' | 'nothing';

/** One decision as it is kept: `redirect_decisions.decision`. */
export interface Decision {
  mode: RedirectMode;
  heardBy: Caller['heardBy'];
  phone: string | null;
  line: string | null;
  asked: Asked[];
  /** Extensions in the order they are tried, and who named the first. */
  candidates: string[];
  namedBy: string | null;
  name: string | null;
  /** Who was chosen in the end; in `shadow` who would have been. */
  chosen: string | null;
  target: string | null;
  /** Null until it was carried out. Left so when the daemon died in between, or the PBX did not answer. */
  action: RedirectAction | null;
  reason: string;
  /** Milliseconds from hearing of the call: to the answers, and to the write. */
  decidedMs: number | null;
  wireMs: number | null;
}
