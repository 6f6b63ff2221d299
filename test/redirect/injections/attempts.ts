/** What callers, and a CRM that others wrote into, give to smart redirect, so that something else is run or rung. */
import { inUser } from '../../pbx/sip-agent/message.js';
import type { StandInCustomer, StandInUser } from '../../../src/cli/demo/standins/retailcrm/account.js';
import { CLEANED_LINE, FORGED, HTTP_LINE, LINE } from './dialplan.js';

export interface Attempt {
  readonly what: string;
  readonly dial: string;
  /** The user of From as it stands there, and what the dialplan leaves of it. */
  readonly from: string;
  readonly cleaned: string;
  readonly display?: string;
  /** The one phone it rings. */
  readonly rings: '150' | '152';
  /** What that phone shows for a name. */
  readonly shows?: string;
}

/** What a shell or a dialplan might take for its own. `touch` is what must not happen. */
const spells = (touch: string): [what: string, text: string][] => [
  ['quotes and ampersands', `1'&${touch}&'`],
  ['a pipe', `'|${touch}|'`],
  ['$( )', `'$(${touch})'`],
  ['backticks', `'\`${touch}\`'`],
  ['a semicolon', `';${touch};'`],
  ['double quotes', `";${touch};"`],
  ['SHELL', `\${SHELL(${touch})}`],
  ['an expression', `$[\${SHELL(${touch})}]`],
  ['a comma and System', `,System(${touch})`],
  ['brackets and a bar', `)}|System(${touch})`],
  ['a caret', `^System^${touch}`],
  ['a dial string', '201&PJSIP/152'],
  ['options of Dial', '201,20,G(evil^x^1)'],
  ['a Local channel', 'Local/x@evil'],
  ['a path', '../../evil'],
  ['a label', ',evil'],
];

/** Events forged about a call that waits elsewhere, in as much as a number holds. */
const about = (uid: string): [what: string, text: string][] => [
  ['an event', `\r\n\r\nEvent: UserEvent\r\nUserEvent: SmartRedirect\r\nUniqueid: ${uid}\r\n`],
  ['an event with its class', `\r\n\r\nEvent:UserEvent\r\nPrivilege:\r\nUniqueid:${uid}\r\nSig:\r\n\r\n`],
  ['the end of an event', `\r\nUniqueid: ${uid}\r\nUserEvent: SmartRedirect\r\n\r\n`],
  ['an answer', `\r\n\r\nResponse: Success\r\nUniqueid: ${uid}\r\n\r\n`],
];

/** A CRM's word for a manager. */
const codes = (touch: string): string[] => [
  ...['151&PJSIP/152', 'PJSIP/151&PJSIP/152', '152,20,G(evil^x^1)', 'Local/x@evil', 'x@evil', '../152', '151|152'],
  ...['152\r\nVariable: X', '152\n', '152 ', '1'.repeat(80), `152\${SHELL(${touch})}`, `$(${touch})`, 'evil,x,1'],
];

/** A CRM's word for a client, and what the phone of his owner shows. */
const names = (touch: string): [written: string, shown: string][] => [
  ['Ann, "Ltd"', 'Ann Ltd'],
  ['Ann\r\nAction: Originate\r\nChannel: Local/x', 'Ann Action Originate Channel Local/x'],
  [`A \${SHELL(${touch})}`, `A SHELL ${touch}`],
  [`A $(${touch})`, `A ${touch}`],
  ['Ann" <sip:x@evil>;tag', 'Ann sip x@evil tag'],
  ['\u202EAnn\u0000\u001b[2J', 'Ann 2J'],
];

export interface Plan {
  readonly users: readonly StandInUser[];
  readonly customers: readonly StandInCustomer[];
  /** Whom 152 owns, and who waits in silence. */
  readonly waiting: string;
  /** @param uid of the call that waits in silence */
  attemptsOn(uid: string): Attempt[];
}

/** RetailCRM's id of the one who owns clients in earnest. */
export const OWNER_ID = 8;

/** @param canary no file whose name begins so may be there afterwards */
export function planAttempts(canary: string): Plan {
  let canaries = 0;
  const touch = () => `touch ${canary}${(canaries += 1)}`;
  const users: StandInUser[] = [{ id: OWNER_ID, firstName: '152', code: '152' }];
  const customers: StandInCustomer[] = [];
  const ownedBy = (managerId: number, firstName = 'Client') => {
    const phone = `+37529000${String(7_001 + customers.length)}`;
    customers.push({ phone, managerId, firstName });
    return phone;
  };
  const ofCrm = (what: string, phone: string, rings: Attempt['rings']): Attempt => ({
    what,
    dial: `${LINE}00`,
    from: phone,
    cleaned: phone,
    rings,
  });

  const waiting = ownedBy(OWNER_ID);
  const forged = FORGED.map(({ what, rings }, n) => ({
    ...ofCrm(`an event ${what}`, ownedBy(OWNER_ID), rings),
    dial: `00016${String(n + 1).padStart(2, '0')}`,
  }));
  const coded = codes(touch()).map((code, n) => {
    users.push({ id: 20 + n, firstName: 'Manager', code });
    return ofCrm(`a CRM that names ${JSON.stringify(code.slice(0, 30))}`, ownedBy(20 + n), '150');
  });
  const named = ([`${LINE}00`, `${HTTP_LINE}00`] as const).flatMap((dial) =>
    names(touch()).map(([written, shows]) => ({
      ...ofCrm(`a CRM's client ${JSON.stringify(written)} on ${dial}`, ownedBy(OWNER_ID, written), '152'),
      dial,
      shows,
    })),
  );

  let callers = 0;
  const caller = ({
    what,
    number = '',
    dial = `${LINE}00`,
    ...more
  }: {
    what: string;
    number?: string;
    dial?: string;
    display?: string;
  }): Attempt => {
    const text = `${80_296_000_001 + (callers += 1)}${number}`;
    return { what, dial, from: inUser(text), cleaned: cleaned(text), rings: '150', ...more };
  };
  const spelt = spells(touch()).flatMap(([what, text], n) => [
    caller({ what: `${what} in the number`, number: text }),
    caller({
      what: `${what} behind the number dialled`,
      dial: `${text.includes(',') ? CLEANED_LINE : `${LINE}00`}${inUser(text)}`,
    }),
    n % 2 === 0
      ? caller({ what: `${what} in the number, over HTTP`, number: text, dial: `${HTTP_LINE}00` })
      : caller({ what: `${what} in the name`, display: `"${text.replace(/["\\]/g, '\\$&')}" ` }),
  ]);
  const forgedBy = (uid: string) =>
    about(uid).flatMap(([what, text], n) => [
      {
        ...caller({ what: `${what} in the number` }),
        from: inUser(`${10 + n}${text}`),
        cleaned: cleaned(`${10 + n}${text}`),
      },
      caller({ what: `${what} behind the number dialled`, dial: `${LINE}00${inUser(text)}` }),
    ]);
  return {
    users,
    customers,
    waiting,
    attemptsOn: (uid) => [...forgedBy(uid), ...forged, ...spelt, ...coded, ...named],
  };
}

/** Asterisk takes 79 characters for a number, up to what would begin a parameter. */
const cleaned = (text: string): string =>
  text
    .replace(/;.*$/s, '')
    .slice(0, 79)
    .replace(/[^0-9+]/g, '');
