/**
 * What hostile callers write, and where: into the number they show, the number they dial, their name, and whatever else an
 * INVITE carries. All of it are SIP messages a PBX takes; `aim` is the call of somebody else they are after.
 */
import type { CallOptions } from '../../pbx/sip-agent/agent.js';
import { inUser, type Headers } from '../../pbx/sip-agent/message.js';
import { FLEET_LINE, OWN_LINE } from './dialplan.js';

export interface Aim {
  readonly uid: string;
  readonly phoneUid: string;
  readonly phone: string;
  /** The client's number. */
  readonly client: string;
}

export interface Attack {
  readonly what: string;
  readonly dial: string;
  readonly how: CallOptions;
  /** The number he shows is in order: then so is his record. */
  readonly inOrder: boolean;
}

const BREAK = '\r\n\r\n';
const OVERLONG_CRLF = '\uDCc0\uDC8d\uDCc0\uDC8a';

/** An event, or as much of it as 79 characters hold. */
const event = (name: string, ...headers: string[]) => `1${BREAK}${[`Event: ${name}`, ...headers].join('\r\n')}${BREAK}`;
const PRIVILEGE = 'Privilege: call,all';

function numbers(aim: Aim): [what: string, number: string][] {
  const { uid, phoneUid, phone, client } = aim;
  return [
    ['a Hangup', event('Hangup', `Uniqueid: ${uid}`)],
    ['a Hangup with its class', event('Hangup', PRIVILEGE, `Uniqueid: ${uid}`)],
    ['a BridgeLeave', event('BridgeLeave', PRIVILEGE, `Uniqueid: ${uid}`)],
    ['a DialEnd', event('DialEnd', 'DialStatus: BUSY', `DestUniqueid: ${phoneUid}`)],
    ['a Rename', event('Rename', 'Newname: x', `Uniqueid: ${uid}`)],
    ['a VarSet', event('VarSet', `Uniqueid: ${uid}`, 'Variable: LisAMI_EventData', 'Value: x')],
    ['a CDR', event('Cdr', `UniqueID: ${uid}`, 'Disposition: BUSY')],
    ['a UserEvent', event('UserEvent', `Uniqueid: ${uid}`, 'UserEvent: SmartRedirect')],
    ['a Shutdown', event('Shutdown', 'Privilege: system,all', 'Shutdown: Cleanly')],
    ['an answer', `1${BREAK}Response: Error\r\nActionID: 1\r\nMessage: No such channel${BREAK}`],
    ['the end of an event', `1\r\nUniqueid: ${uid}\r\nLinkedid: ${uid}${BREAK}`],
    ['a time stamp', '1\r\nTimestamp: 1995386355.1'],
    ['a line end', '80290000002\r\n'],
    ['a bare LF and a bare CR', '8029\n0000\r002'],
    ['a name of a header', 'ActionID: 1'],
    ['quotes and backslashes', `8"02'9\\00\\"00002`],
    ['control characters and NUL', '80\u0001\u0007\u001b[2J29\u007f00000\u000002'],
    ['bad UTF-8', '8029\uDCff\uDCfe0000002'],
    ['CR LF in overlong UTF-8', `8029${OVERLONG_CRLF}${OVERLONG_CRLF}Event: Hangup${OVERLONG_CRLF}`],
    ['signs that turn the text round', '\u202E2000000920\u2066\uFEFF\u200B'],
    ['emoji', '8029\u{1f4a5}\u{1f468}\u200D\u{1f469}0002'],
    ['79 digits', '8'.repeat(79)],
    ['300 digits', '8'.repeat(300)],
    ['no number', 'anonymous'],
    ['an extension', '162'],
    ['a mobile of the staff', '+375290000009'],
    ['a channel', phone],
    ['a line', '0001363'],
    ['the number of another client', client],
    ['SQL', `1'; DROP TABLE calls; --`],
    ['JSON', '"},{"phone":"375290000002"'],
    ['a form', '80290000002&type=out&code=152'],
    ['a format', '%n%s%x%08x{{7*7}}${7*7}'],
    ['a command', '`touch x`$(touch x)|touch x&touch x'],
    ['a function of the dialplan', '${SHELL(touch x)}$[1+1]'],
    ['parameters', '80290000002;phone-context=x;isub=1'],
  ];
}

/** The other half of an event that the number he dials cuts in two. */
function dialled({ uid }: Aim): [what: string, rest: string][] {
  return [
    ['the end of an event', `\r\nPriority: 1\r\nUniqueid: ${uid}${BREAK}`],
    ['a cause', `\r\nPriority: 1\r\nUniqueid: ${uid}\r\nCause: 16\r\nCause-txt: x`],
    ['a recording', `\r\nUniqueid:${uid}\r\nVariable:MIXMONITOR_FILENAME\r\nValue:/`],
    ['a line end', '\r\n'],
    ['a function of the dialplan', '${SHELL(touch x)},1)'],
  ];
}

const PHONE_LIKE_OURS =
  'SmartRedirect,Phone: +375290000001,Line: 0001360,Sig: da39a3ee5e6b4b0d3255bfef95601890afd80709';

function names({ uid, client }: Aim): [what: string, display: string][] {
  const quoted = (text: string) => `"${text}" `;
  return [
    ['an event, encoded', quoted(`a%0d%0a%0d%0aEvent: Hangup%0d%0aUniqueid: ${uid}`)],
    ['an event, escaped', quoted(`a\\r\\n\\r\\nEvent: Hangup\\r\\nUniqueid: ${uid}`)],
    ['quotes and backslashes', quoted('a\\" <1>, \\\\ b; c\\\\\\"')],
    ['control characters', quoted('a\u0001\u001b[2J\u007f')],
    ['bad UTF-8', quoted(`a\uDCff${OVERLONG_CRLF}Event: Hangup${OVERLONG_CRLF}\uDCe0\uDC80`)],
    ['signs that turn the text round, and emoji', quoted('\u202Eabc\u2066\u{1f4a5}\uFEFF')],
    ['a UserEvent of ours', quoted(PHONE_LIKE_OURS)],
    ['300 characters', quoted('n'.repeat(300))],
    ['JSON and markup', quoted(`'},{'phone':'1'}<b>{{7*7}}$\{SHELL(touch x)}`)],
    ['the number of another client', quoted(client)],
    ['words without quotes', 'Event Hangup '],
  ];
}

function headers({ uid, client }: Aim): [what: string, headers: Headers, inOrder: boolean][] {
  const hangup = inUser(event('Hangup', `Uniqueid: ${uid}`));
  return [
    ['Diversion', [['Diversion', `"d" <sip:${hangup}@127.0.0.1>;reason=${inUser(BREAK)}unconditional`]], true],
    ['To', [['To', `"t\\"" <sip:${hangup}@127.0.0.1>`]], true],
    [
      'User-Agent and Subject',
      [
        ['User-Agent', `x\uDCff\r\n Event: Hangup`],
        ['Subject', `\${SHELL(touch x)}\u001b[2J`],
      ],
      true,
    ],
    [
      'headers of his own',
      [
        ['X-Event', 'Hangup'],
        ['X-Long', 'Uniqueid: '.repeat(90)],
        ['ActionID', '1'],
      ],
      true,
    ],
    ['P-Asserted-Identity', [['P-Asserted-Identity', `"p" <sip:${hangup}@127.0.0.1>`]], false],
    ['P-Asserted-Identity of another', [['P-Asserted-Identity', `"p" <sip:${client}@127.0.0.1>`]], false],
    ['Remote-Party-ID', [['Remote-Party-ID', `"r" <sip:${hangup}@127.0.0.1>;party=calling;screen=yes`]], false],
  ];
}

/** @param own a number in order, of that caller's own */
export function attacksOn(aim: Aim, own: (n: number) => string): Attack[] {
  const forged = numbers(aim)[0]?.[1] ?? '';
  const plain: Omit<Attack, 'how'>[] = [];
  const hows: CallOptions[] = [];
  const add = (what: string, how: CallOptions, { dial = OWN_LINE, inOrder = false } = {}) => {
    plain.push({ what, dial, inOrder });
    hows.push(how);
  };
  for (const [what, number] of numbers(aim)) add(`${what} for a number`, { from: inUser(number) });
  for (const [n, [what, rest]] of dialled(aim).entries()) {
    // Some with a number in order, some with the other half of the same event.
    const how = n % 2 === 0 ? {} : { from: inUser(forged) };
    add(`${what} behind the number dialled`, how, { dial: `${OWN_LINE}${inUser(rest)}` });
  }
  for (const [what, display] of names(aim)) add(`${what} for a name`, { display }, { inOrder: true });
  for (const [what, more, inOrder] of headers(aim)) add(`in ${what}`, { headers: more }, { inOrder });
  add('a Call-ID of signs', { callId: 'a%0d%0a`|;"<>{}(x)[y]?*~\'@x' }, { inOrder: true });
  for (const from of ['80290000002_151&152_0001371', inUser('1\r\nincallDial_1_151_0001371')])
    add(`fields of LisAMI_EventData for a number`, { from }, { dial: FLEET_LINE });
  return plain.map((one, n) => ({ ...one, how: { from: own(n), name: `A${n}`, ...hows[n] } }));
}
