import { TrunklineError } from '../platform/errors.js';
import type { AmiEncoding } from './encoding.js';
import type { DropReason, Unread } from './frame.js';
import type { AmiMessage } from './message.js';

/** What a way of speaking AMI can do. What it cannot is refused by name, never silently left out. */
export interface AmiCapabilities {
  tls: boolean;
  /** Log-in by MD5 challenge, so that the secret does not travel. */
  md5: boolean;
  encodings: readonly AmiEncoding[];
  /** What a line over the limit costs: its own message, or the whole connection. */
  lineLimit: 'drops-message' | 'drops-connection';
  /** Actions whose answer this transport cannot read soundly. */
  refusedActions: readonly string[];
}

export interface TlsSettings {
  /** A CA or the PBX's own certificate, PEM; absent: the public CAs. */
  ca?: string;
  /** False takes any certificate: only against an eavesdropper who cannot also sit in between. */
  verify: boolean;
}

export interface ConnectOptions {
  host: string;
  port: number;
  tls: TlsSettings | null;
  encoding: AmiEncoding;
  /** Longest line, bytes. */
  lineLimit: number;
}

/** What a connection tells. All are called from the event loop, in order; none after `onClose`. */
export interface ConnectionListener {
  /** Bytes can be sent. */
  onOpen(): void;
  onMessage(message: AmiMessage): void;
  onDrop(reason: DropReason, unread?: Unread): void;
  /** Exactly once, also when no connection came about. `AMI_LOST`, or `AMI_PROTOCOL` when framing was lost. */
  onClose(why: TrunklineError): void;
}

/** One action, clean: names and values hold no CR, LF or NUL. */
export interface OutgoingAction {
  action: string;
  actionId: string;
  headers: readonly (readonly [string, string])[];
}

/** One TCP connection. It is never reused: what comes after it is a new one. */
export interface AmiConnection {
  /** Hands the actions to the socket, in one write where the transport can. Nothing happens on a closed connection. */
  send(...actions: OutgoingAction[]): void;
  /** Ends the connection at once; `onClose` follows. */
  destroy(): void;
}

export interface AmiTransport {
  readonly name: 'native' | 'asterisk-manager';
  readonly capabilities: AmiCapabilities;
  /** @throws TrunklineError `AMI_TRANSPORT_CANNOT` when the options ask for what it cannot do. */
  connect(options: ConnectOptions, listener: ConnectionListener): AmiConnection;
}

/** @throws TrunklineError `AMI_TRANSPORT_CANNOT`, naming what was asked. */
export function requireCapabilities(
  transport: AmiTransport,
  wanted: { tls?: boolean; md5?: boolean; encoding?: AmiEncoding; action?: string },
): void {
  const { capabilities, name } = transport;
  const refuse = (what: string): never => {
    throw new TrunklineError('AMI_TRANSPORT_CANNOT', `the AMI transport ${name} cannot do ${what}`);
  };
  if (wanted.tls && !capabilities.tls) refuse('TLS');
  if (wanted.md5 && !capabilities.md5) refuse('log-in by MD5 challenge');
  if (wanted.encoding && !capabilities.encodings.includes(wanted.encoding)) refuse(`the encoding ${wanted.encoding}`);
  const action = wanted.action?.toLowerCase();
  if (action && capabilities.refusedActions.includes(action)) refuse(`the action ${wanted.action ?? ''}`);
}
