/** Phones and trunks as the fleet's hosts have them: chan_sip on the older ones, PJSIP on the newer. */
import { modulesConf, type ConfigFiles } from '../asterisk-config.js';
import type { PortBlock } from '../ports.js';
import { EXTENSIONS, TRUNKS, type Extension, type Trunk } from './ground.js';

/** Where each phone and each trunk's far end listens, and calls from. */
export function portOf(ports: PortBlock, who: Extension | Trunk): number {
  const place = [...TRUNKS, ...EXTENSIONS].indexOf(who);
  return ports.trunk + place;
}

/** chan_sip in PJSIP's place. */
export const sipFiles = (ports: PortBlock): ConfigFiles => ({
  'modules.conf': `${modulesConf(['chan_sip'])}noload => chan_pjsip.so\nnoload => res_pjsip.so\n`,
  'sip.conf': sipConf(ports),
});

/** A phone is known by the user of From, a trunk by the port it calls from. */
function sipConf(ports: PortBlock): string {
  const peer = (name: string, lines: readonly string[]) =>
    [`[${name}]`, ...lines, 'host=127.0.0.1', 'qualify=no', 'directmedia=no', 'dtmfmode=info', ''].join('\n');
  return [
    '[general]',
    'udpenable=yes',
    `udpbindaddr=127.0.0.1:${ports.sip}`,
    'allowguest=no',
    'alwaysauthreject=yes',
    'disallow=all',
    'allow=ulaw',
    'srvlookup=no',
    '',
    ...EXTENSIONS.map((extension) =>
      peer(extension, [
        'type=friend',
        `port=${portOf(ports, extension)}`,
        'context=inoffice',
        `callerid="${extension}" <${extension}>`,
        'insecure=invite,port',
        'callgroup=1',
        'pickupgroup=1',
      ]),
    ),
    ...TRUNKS.map((trunk) =>
      peer(trunk, ['type=peer', `port=${portOf(ports, trunk)}`, 'context=from-out-office', 'insecure=invite']),
    ),
  ].join('\n');
}

/** Both name themselves by a header `X-From`. */
export function pjsipConf(ports: PortBlock): string {
  const endpoint = (name: Extension | Trunk, lines: readonly string[]) => `
[${name}]
type=endpoint
disallow=all
allow=ulaw
aors=${name}
direct_media=no
dtmf_mode=info
${lines.join('\n')}
[${name}]
type=aor
contact=sip:${name}@127.0.0.1:${portOf(ports, name)}
[${name}]
type=identify
endpoint=${name}
match_header=X-From: ${name}
`;
  return `
[global]
type=global
endpoint_identifier_order=header
[transport-udp]
type=transport
protocol=udp
bind=127.0.0.1:${ports.sip}
${EXTENSIONS.map((extension) =>
  endpoint(extension, ['context=inoffice', `callerid="${extension}" <${extension}>`, 'call_group=1', 'pickup_group=1']),
).join('')}
${TRUNKS.map((trunk) => endpoint(trunk, ['context=from-out-office'])).join('')}
`;
}
