import { forChanSip, sipConf, withChanSip } from './chan-sip.js';
import { EXTENSIONS, FLEET_EXTENSIONS, dialplan, pickupGroupOf } from './dialplan.js';
import { managerConf } from './manager-users.js';
import type { PortBlock } from './ports.js';

export type ConfigFiles = Readonly<Record<string, string>>;

export interface ConfigOptions {
  readonly version: 16 | 22;
  /** The instance's own folder, as seen from inside the root. */
  readonly home: string;
  readonly ports: PortBlock;
  /** Put in front of every unique id, as `systemname` does on fleets with one database for many PBXs. */
  readonly systemName?: string | undefined;
  /** Phones and trunks on chan_sip, as older PBXs have them; 16 is the last of ours that knows it. */
  readonly chanSip?: boolean | undefined;
  /** Appended to extensions.conf. */
  readonly extraDialplan?: string | undefined;
  /** Appended to pjsip.conf. */
  readonly extraPhones?: ((ports: PortBlock) => string) | undefined;
  /** Whole files that replace or join those made here, by name. */
  readonly files?: ConfigFiles | ((ports: PortBlock) => ConfigFiles) | undefined;
}

/** Modules Debian loads that need hardware, another server, or a port of their own. */
const UNWANTED = [
  ...['chan_iax2', 'chan_skinny', 'chan_mgcp', 'chan_unistim', 'chan_dahdi', 'chan_sip', 'chan_alsa', 'chan_console'],
  ...['chan_oss', 'chan_motif', 'res_ari', 'pbx_dundi', 'pbx_lua', 'pbx_ael', 'res_xmpp', 'res_snmp', 'res_phoneprov'],
  ...['cdr_pgsql', 'cdr_odbc', 'cdr_adaptive_odbc', 'cdr_radius', 'cdr_tds', 'cdr_sqlite3_custom', 'cel_pgsql'],
  ...['cel_odbc', 'cel_radius', 'cel_tds', 'cel_sqlite3_custom', 'res_config_ldap', 'res_config_pgsql', 'res_odbc'],
  ...[
    'res_config_odbc',
    'res_calendar',
    'res_stun_monitor',
    'res_hep',
    'res_prometheus',
    'res_fax_spandsp',
    'app_jack',
  ],
];

/** Everything Debian has but what is unwanted; `wanted` names what a test needs of that after all. */
export const modulesConf = (wanted: readonly string[] = []): string => {
  const left = UNWANTED.filter((name) => !wanted.includes(name));
  return ['[modules]', 'autoload=yes', ...left.map((name) => `noload => ${name}.so`), ''].join('\n');
};

/** Every configuration file of one instance, by name. */
export function asteriskConfig(options: ConfigOptions): ConfigFiles {
  const { files, home, ports, version } = options;
  const speaking = options.chanSip ? forChanSip : (text: string) => text;
  return {
    'asterisk.conf': [
      '[directories]',
      `astetcdir => ${home}/etc`,
      `astrundir => ${home}/run`,
      `astlogdir => ${home}/log`,
      `astdbdir => ${home}/lib`,
      `astspooldir => /var/spool/asterisk`,
      '[options]',
      'verbose = 3',
      'hideconnect = yes',
      ...(options.systemName === undefined ? [] : [`systemname = ${options.systemName}`]),
      '',
    ].join('\n'),
    'modules.conf': options.chanSip ? withChanSip(modulesConf(['chan_sip'])) : modulesConf(),
    'manager.conf': managerConf(version, ports.ami),
    'logger.conf': '[general]\n[logfiles]\nfull => notice,warning,error,verbose\n',
    'cdr.conf':
      '[general]\nenable=yes\nunanswered=yes\ncongestion=yes\n[csv]\nusegmtime=yes\nloguniqueid=yes\nloguserfield=yes\nnewcdrcolumns=yes\n',
    'cdr_manager.conf': '[general]\nenabled=yes\n',
    'rtp.conf': `[general]\nrtpstart=${ports.rtp[0]}\nrtpend=${ports.rtp[1]}\n`,
    'features.conf':
      '[general]\npickupexten=*8\nfeaturedigittimeout=1000\natxfernoanswertimeout=15\ntransferdigittimeout=1\n[featuremap]\nblindxfer=>##\natxfer=>*2\n',
    'indications.conf':
      '[general]\ncountry=us\n[us]\ndescription=US\nringcadence=2000,4000\ndial=350+440\nbusy=480+620/500,0/500\nring=440+480/2000,0/4000\ncongestion=480+620/250,0/250\n',
    'queues.conf': speaking(
      '[general]\npersistentmembers=no\n[sales]\nstrategy=ringall\ntimeout=15\nringinuse=yes\nmember => PJSIP/151\nmember => PJSIP/152\n',
    ),
    'musiconhold.conf': '[default]\nmode=files\ndirectory=moh\n',
    ...(options.chanSip
      ? { 'sip.conf': sipConf(ports) }
      : { 'pjsip.conf': `${pjsipConf(ports)}${options.extraPhones?.(ports) ?? ''}` }),
    'extensions.conf': speaking(`${dialplan}\n${options.extraDialplan ?? ''}`),
    ...(typeof files === 'function' ? files(ports) : files),
  };
}

/** A phone names itself by a header `X-From: 151`; whoever else calls is the trunk. */
function pjsipConf(ports: PortBlock): string {
  const phones = EXTENSIONS.map(
    (extension) => `
[${extension}]
type=endpoint
context=${FLEET_EXTENSIONS.includes(extension) ? 'dialexecute' : 'internal'}
disallow=all
allow=ulaw
aors=${extension}
callerid="Manager ${extension}" <${extension}>
direct_media=no
dtmf_mode=info
call_group=${pickupGroupOf(extension)}
pickup_group=${pickupGroupOf(extension)}
[${extension}]
type=aor
contact=sip:${extension}@127.0.0.1:${ports.phone(extension)}
[${extension}]
type=identify
endpoint=${extension}
match_header=X-From: ${extension}`,
  );
  return `
[global]
type=global
endpoint_identifier_order=header,ip,username,anonymous
[transport-udp]
type=transport
protocol=udp
bind=127.0.0.1:${ports.sip}
${phones.join('\n')}

[trunk]
type=endpoint
context=from-trunk
disallow=all
allow=ulaw
aors=trunk
direct_media=no
dtmf_mode=info
trust_id_inbound=yes
[trunk]
type=aor
contact=sip:trunk@127.0.0.1:${ports.trunk}
[trunk]
type=identify
endpoint=trunk
match=127.0.0.1

[reserve]
type=endpoint
context=from-trunk
disallow=all
allow=ulaw
aors=reserve
direct_media=no
[reserve]
type=aor
contact=sip:reserve@127.0.0.1:${ports.reserve}
`;
}
