import type { ConfigFiles } from '../asterisk-config.js';
import { modulesConf } from '../asterisk-config.js';
import { EXTENSIONS, pickupGroupOf, type Extension } from '../dialplan.js';
import type { PortBlock } from '../ports.js';

/**
 * Asterisk 16 with chan_sip on the SIP port, as older PBXs have it: phones are friends known by From and port, the trunk
 * a peer known by address and port. PJSIP is left out, so a dialplan for it speaks to `SIP/…`.
 */
export const chanSipFiles = (ports: PortBlock): ConfigFiles => ({
  'modules.conf': modulesConf(['chan_sip']) + 'noload => chan_pjsip.so\nnoload => res_pjsip.so\n',
  'sip.conf': `
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
[trunk]
type=peer
host=127.0.0.1
port=${ports.trunk}
context=from-trunk
insecure=port,invite
`,
});

const friend = (extension: Extension, port: number): string => `
[${extension}]
type=friend
host=127.0.0.1
port=${port}
defaultuser=${extension}
context=internal
callerid="Manager ${extension}" <${extension}>
insecure=port,invite
callgroup=${pickupGroupOf(extension)}
pickupgroup=${pickupGroupOf(extension)}
`;
