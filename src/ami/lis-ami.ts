/**
 * What the fleet's dialplan writes into `LisAMI_EventData`: a word and its fields, joined by underscores. It is what the
 * host's own poster makes its webhooks of.
 *
 * ```
 * incallStart_<phone>_<trunk>
 * incallDial_<phone>_<a&b&c>_<trunk>
 * outcallDial_<phoneTo>_<callerExt>_<trunk>
 * localcallStart_<callerExt>_<exts>
 * incallEnd_…, outcallEnd_…, localcallEnd_…
 * ```
 * The ends are left to the Hangup that follows them. A field that holds an underscore shifts the others; then nothing is
 * read rather than something wrong.
 */
import { fleetEvent } from '../calls/facts.js';
import type { FleetEvent } from '../calls/facts.js';

/** @param on the channel whose variable it is */
export function parseLisAmi(on: OnChannel, data: string): FleetEvent | null {
  const [word, ...fields] = data.split('_');
  const [first, second, third] = fields.map(textOf);
  if (word === 'incallStart' && fields.length === 2)
    return told(on, 'start', { callType: 0, phone: first, trunk: second });
  if (word === 'incallDial' && fields.length === 3) {
    return told(on, 'dial', { callType: 0, phone: first, extensions: split(second), trunk: third });
  }
  if (word === 'outcallDial' && fields.length === 3) {
    return told(on, 'dial', { callType: 1, phone: first, extensions: split(second), trunk: third });
  }
  if (word === 'localcallStart' && fields.length === 2) {
    return told(on, 'dial', { callType: 2, phone: first, extensions: split(second) });
  }
  return null;
}

interface OnChannel {
  uid: string;
  channel: string;
}

function textOf(field: string): string | null {
  const text = field.trim();
  return text === '' || text === '<unknown>' ? null : text;
}

function split(field: string | null | undefined): string[] {
  return (field ?? '')
    .split('&')
    .map((part) => part.replace(/^[A-Za-z]\w*\//, '').replace(/@.*$/, ''))
    .filter((part) => part !== '');
}

type Told = { [K in 'phone' | 'trunk']?: string | null | undefined } & { callType: 0 | 1 | 2; extensions?: string[] };

function told({ uid, channel }: OnChannel, event: 'start' | 'dial', fields: Told): FleetEvent {
  return fleetEvent({
    event,
    uid,
    phone: fields.phone ?? null,
    extensions: fields.extensions ?? [],
    callType: fields.callType,
    trunk: fields.trunk ?? null,
    channel,
  });
}
