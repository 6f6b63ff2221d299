import { EXTENSIONS, FLEET_EXTENSIONS, pickupGroupOf, type Extension } from './dialplan.js';
import type { PortBlock } from './ports.js';

/** Both would answer on one port. */
export const withChanSip = (modules: string): string => `${modules}noload => chan_pjsip.so\nnoload => res_pjsip.so\n`;

/** A dialplan for PJSIP as one for chan_sip. */
export const forChanSip = (dialplan: string): string =>
  dialplan.replaceAll(/PJSIP\/([^&,@)\s]+)@(trunk|reserve)/g, 'SIP/$2/$1').replaceAll('PJSIP/', 'SIP/');

/** Phones are friends known by From and port, trunks peers known by address and port. */
export function sipConf(ports: PortBlock): string {
  return `
[general]
bindaddr=127.0.0.1
bindport=${ports.sip}
context=nowhere
allowguest=no
directmedia=no
dtmfmode=info
srvlookup=no
disallow=all
allow=ulaw
callcounter=yes
${EXTENSIONS.map((extension) => friend(extension, ports.phone(extension))).join('')}
${peer('trunk', ports.trunk)}
${peer('reserve', ports.reserve)}
`;
}

const friend = (extension: Extension, port: number): string => `
[${extension}]
type=friend
host=127.0.0.1
port=${port}
defaultuser=${extension}
context=${FLEET_EXTENSIONS.includes(extension) ? 'dialexecute' : 'internal'}
callerid="Manager ${extension}" <${extension}>
insecure=port,invite
callgroup=${pickupGroupOf(extension)}
pickupgroup=${pickupGroupOf(extension)}
`;

const peer = (name: string, port: number): string => `
[${name}]
type=peer
host=127.0.0.1
port=${port}
context=from-trunk
insecure=port,invite
trustrpid=yes
`;
