import type { Kind } from '../scenarios/ground.js';

/** Whatever begins with it rings 159; the number dialled is taken as it comes, whatever stands behind. */
export const OWN_LINE = '00013901';
/** Goes on as the fleet's dialplan does, which repeats the number in a variable of its own. */
export const FLEET_LINE = '00013902';
export const OWN_PHONE = '159';

/**
 * The lines of hostile callers, who say in a header which of them they are: the log then tells whose a channel is. Nothing
 * cleans what they write.
 */
export function hostileDialplan(kind: Kind): string {
  const said = kind === '16-sip' ? 'SIP_HEADER(X-Attack)' : 'PJSIP_HEADER(read,X-Attack)';
  return `
[from-trunk]
exten => _${OWN_LINE}!,1,Log(NOTICE,the channel \${UNIQUEID} is of attack \${${said}})
 same => n,Dial(PJSIP/${OWN_PHONE},20,tT)
exten => ${FLEET_LINE},1,Log(NOTICE,the channel \${UNIQUEID} is of attack \${${said}})
 same => n,Goto(from-out-office,0001371,1)
`;
}

/** Unique ids of hostile callers' channels, by the number of their attack. */
export function uidsOf(log: string): Map<number, string> {
  const lines = log.matchAll(/NOTICE\[.*the channel (\d+\.\d+) is of attack (\d+)\s*$/gm);
  return new Map([...lines].map(([, uid = '', n]) => [Number(n), uid]));
}
