import { TrunklineError } from '../platform/errors.js';
import { isLoopback } from '../platform/ip-ranges.js';
import { asteriskManagerTransport } from './asterisk-manager-transport.js';
import type { AmiEncoding } from './encoding.js';
import { nativeTransport } from './native-transport.js';
import type { AmiTransport, TlsSettings } from './transport.js';
import { requireCapabilities } from './transport.js';

/** One PBX as settings name it. */
export interface PbxTarget {
  /** `host:port`: what a session belongs to. */
  key: string;
  host: string;
  port: number;
  tls: boolean;
  /** PEM of a CA, or of the PBX's own certificate. */
  tlsCa?: string | undefined;
  /** False takes any certificate; true when absent. */
  tlsVerify?: boolean | undefined;
  username: string;
  secret: string;
  transport: 'auto' | 'asterisk-manager' | 'native';
  /** Log in by MD5 challenge. */
  md5: boolean;
  encoding: AmiEncoding | null;
  /** The operator allows the secret to travel in the clear to another host. */
  allowPlain: boolean;
  /** What `Events` is asked for, such as `call,user,cdr`; `on` for all the AMI user may read. */
  eventMask: string;
}

export interface LinkPlan {
  transport: AmiTransport;
  tls: TlsSettings | null;
  md5: boolean;
  encoding: AmiEncoding;
}

/**
 * How a PBX is spoken to. `auto` is native for TLS, MD5, a set encoding or another host, else asterisk-manager. To another
 * host the secret never travels in the clear unless the operator allows it: without TLS the log-in is by MD5.
 * @throws TrunklineError `AMI_TRANSPORT_CANNOT` when the transport that was set cannot do what was set.
 */
export function planLink(target: PbxTarget): LinkPlan {
  const remote = !isLoopback(target.host);
  const md5 = target.md5 || (remote && !target.tls && !target.allowPlain);
  const needsNative = remote || target.tls || md5 || target.encoding !== null;
  const native = target.transport === 'native' || (target.transport === 'auto' && needsNative);
  const transport = native ? nativeTransport : asteriskManagerTransport;
  const encoding = target.encoding ?? 'utf8';
  if (!native && remote && !target.tls && !target.md5 && !target.allowPlain) {
    throw new TrunklineError(
      'AMI_TRANSPORT_CANNOT',
      `the AMI transport ${transport.name} would send the secret in the clear to another host; use native, or allow plain`,
    );
  }
  requireCapabilities(transport, { tls: target.tls, md5, encoding });
  const ca = target.tlsCa ? { ca: target.tlsCa } : {};
  return { transport, md5, encoding, tls: target.tls ? { ...ca, verify: target.tlsVerify ?? true } : null };
}
