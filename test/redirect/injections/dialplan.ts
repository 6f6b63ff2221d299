/** Beside what an administrator has: lines whose events are forged, a call that waits in silence, and what must never run. */
import { SECRET } from '../redirect-pbx.js';

/** Any text may stand behind it. */
export const LINE = '00014';
/** Asks over HTTP. */
export const HTTP_LINE = '00015';
/** As the dialplan's README has it: the number dialled is cleaned on the way. */
export const CLEANED_LINE = '00017';
/** Waits where calls wait for Trunkline, and nobody says so. */
export const QUIET_LINE = '0001600';
/** Gives what the caller sends to a shell: that a canary can sing. */
export const SHELL_LINE = '0001899';

const SIGNED = `\${SHA1(${SECRET}:\${UNIQUEID})}`;
const PHONE = 'Phone: ${CALLERID(num)}';

/** The event of a waiting call, and what came of it that anybody believed. `UserEvent`'s arguments, several for several events. */
export const FORGED: readonly { what: string; events: readonly string[]; rings: '150' | '152' }[] = [
  { what: 'signed, three times', events: Array<string>(3).fill(`${PHONE},Line: 1,Sig: ${SIGNED}`), rings: '152' },
  { what: 'without a signature', events: [`${PHONE},Line: 1`], rings: '150' },
  { what: 'with an empty signature', events: [`${PHONE},Line: 1,Sig: `], rings: '150' },
  { what: 'signed with another word', events: [`${PHONE},Line: 1,Sig: \${SHA1(word-2:\${UNIQUEID})}`], rings: '150' },
  { what: 'signed with no word', events: [`${PHONE},Line: 1,Sig: \${SHA1(:\${UNIQUEID})}`], rings: '150' },
  {
    what: 'with a signature cut short',
    events: [`${PHONE},Line: 1,Sig: \${SHA1(${SECRET}:\${UNIQUEID}):0:39}`],
    rings: '150',
  },
  { what: 'with the signature of another call', events: [`${PHONE},Line: 1,Sig: \${QUIET_SIG}`], rings: '150' },
  {
    what: 'with the id and the signature of another call',
    events: [`${PHONE},Uniqueid: \${QUIET},Line: 1,Sig: \${QUIET_SIG}`],
    rings: '150',
  },
  // The PBX's own stamp of the event says when it was.
  { what: 'signed, of a wait long over', events: [`${PHONE},Line: 1,Sig: ${SIGNED},At: 1700000000`], rings: '152' },
  { what: 'signed, with a target for a number', events: [`Phone: 201&PJSIP/152,Line: 1,Sig: ${SIGNED}`], rings: '150' },
];

const forged = FORGED.map(({ events }, n) =>
  [
    `exten => forged${String(n + 1).padStart(2, '0')},1,Ringing()`,
    `Set(TRUNKLINE_LINE=${LINE}00)`,
    ...events.map((event) => `UserEvent(SmartRedirect,${event})`),
    'Wait(2.5)',
    'Goto(web-zapros,release,1)',
  ].join('\n same => n,'),
).join('\n');

/** Rings whomever it should not, and makes a file, should anything lead there. */
const trap = (canary: string) => `exten => _.,1,System(touch ${canary})\n same => n,Dial(PJSIP/159,5)`;

/** @param canary a file that is only there if the context `evil` was entered */
export const injectionDialplan = (canary: string): string => `
[from-trunk](+)
exten => _${LINE}XX!,1,Goto(smart-redirect-start,\${EXTEN},1)
exten => _${CLEANED_LINE}!,1,Goto(smart-redirect-start,\${FILTER(0-9+,\${EXTEN})},1)
exten => _00016XX,1,Goto(waitredirect,forged\${EXTEN:5},1)
exten => ${QUIET_LINE},1,Set(GLOBAL(QUIET)=\${UNIQUEID})
 same => n,Set(GLOBAL(QUIET_SIG)=\${SHA1(${SECRET}:\${UNIQUEID})})
 same => n,Goto(waitredirect,quiet,1)
exten => ${SHELL_LINE},1,Set(SAID=\${SHELL(echo '\${CALLERID(num)}')})
 same => n,Dial(PJSIP/150,8)

[waitredirect]
exten => quiet,1,Ringing()
 same => n,Set(TRUNKLINE_LINE=${LINE}00)
 same => n,Wait(8)
 same => n,Goto(web-zapros,release,1)
${forged}

[evil]
${trap(canary)}
`;
