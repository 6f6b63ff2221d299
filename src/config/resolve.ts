import net from 'node:net';
import { isLoopback } from '../platform/ip-ranges.js';
import type { Enterprise, EnterpriseEntry, PbxEntry, PbxSettings, Source } from './enterprise.js';
import { smartRedirectOfFleet } from './fleet-smart.js';
import type { RecordingSettings } from './recordings.js';
import type { SmartRedirect } from './smart-redirect.js';
import type { SshSettings } from './ssh.js';
import { DEFAULT_EXTENSION_PATTERN, DEFAULT_INBOUND_CONTEXTS, pbxKeyOf } from './enterprise.js';

/** What stands beside the entry: old columns, secrets, and what only we write. */
export interface Surroundings {
  name: string;
  token: string | null;
  clientId: string;
  /** The old `ip` column: where its webhooks come from when it has no PBX settings. */
  address: string | null;
  takeoverAt: number | null;
  version: number;
  pbxSecret: string;
  smartRedirectSecret: string | null;
  sshPassword: string | null;
  sshPrivateKey: string | null;
  recordingsPassword: string | null;
  integrations: Record<string, Record<string, unknown>>;
}

/** An entry with every default decided that depends on another setting. */
export function resolveEnterprise(entry: EnterpriseEntry, around: Surroundings): Enterprise {
  return {
    number: entry.number,
    name: around.name,
    token: around.token,
    timezone: entry.timezone,
    country: entry.country,
    mode: entry.mode,
    takeoverAt: around.takeoverAt,
    pbx: entry.pbx ? resolvePbx(entry.pbx, around.pbxSecret) : null,
    pbxKey: pbxKeyOf(entry),
    inboundContexts: entry.pbx?.inboundContexts ?? entry.inboundContexts ?? DEFAULT_INBOUND_CONTEXTS,
    extensionPattern: entry.pbx?.extensionPattern ?? entry.extensionPattern ?? DEFAULT_EXTENSION_PATTERN,
    lines: entry.lines,
    selector: entry.selector,
    sources: resolveSources(entry),
    webhookFrom: entry.webhookFrom ?? networksOf(entry.pbx?.host ?? around.address),
    clientId: around.clientId,
    dialAllow: entry.dialAllow ?? [entry.country],
    clickToCall: entry.clickToCall,
    anonymous: entry.anonymous,
    extensions: entry.extensions,
    smartRedirect: resolveRedirect(entry, around),
    ssh: resolveSsh(entry, around),
    recovery: entry.recovery,
    recordings: resolveRecordings(entry, around),
    integrations: around.integrations,
    version: around.version,
  };
}

function resolveRecordings({ recordings, timezone }: EnterpriseEntry, around: Surroundings): RecordingSettings | null {
  if (!recordings) return null;
  const { from, root, file, format, mp3Kbps, keepDays, linkDays } = recordings;
  return {
    from,
    root,
    pbxRoot: recordings.pbxRoot ?? root,
    url: recordings.url ?? null,
    username: recordings.username ?? null,
    password: around.recordingsPassword,
    file,
    timezone: recordings.timezone ?? timezone,
    format,
    mp3Kbps,
    keepDays,
    linkDays,
  };
}

/** Without an address of its own it is the PBX's host; without either there is none. */
function resolveSsh({ ssh, pbx }: EnterpriseEntry, around: Surroundings): SshSettings | null {
  const host = ssh?.host ?? pbx?.host ?? around.address;
  if (!ssh || host === null || host === undefined) return null;
  const { port, username, hostKey } = ssh;
  return { host, port, username, hostKey, password: around.sshPassword, privateKey: around.sshPrivateKey };
}

/** Ours, or what the system before has. */
function resolveRedirect({ smartRedirect }: EnterpriseEntry, around: Surroundings): SmartRedirect | null {
  const settings = smartRedirect ?? smartRedirectOfFleet(around.integrations['smart']);
  return settings && { ...settings, secret: around.smartRedirectSecret };
}

function resolveSources(entry: EnterpriseEntry): Source[] {
  return entry.sources ?? (entry.pbx ? ['ami', 'webhook'] : ['webhook']);
}

function resolvePbx(entry: PbxEntry, secret: string): PbxSettings {
  return {
    host: entry.host,
    port: entry.port,
    tls: entry.tls,
    username: entry.username,
    secret,
    transport: entry.transport,
    md5: entry.md5,
    encoding: entry.encoding,
    tlsCa: entry.tlsCa,
    tlsVerify: entry.tlsVerify,
    allowPlain: entry.allowPlain,
    eventMask: entry.eventMask,
    provenClean: entry.provenClean,
  };
}

/** The networks a host's webhooks come from when nobody says: its own address, if it is one. */
function networksOf(host: string | null): string[] {
  if (host === null) return [];
  if (isLoopback(host)) return ['127.0.0.0/8', '::1/128'];
  const version = net.isIP(host);
  if (version === 0) return [];
  return [`${host}/${version === 4 ? 32 : 128}`];
}
