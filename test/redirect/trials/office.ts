/**
 * A PBX with our dialplan and an administrator's around it, everybody's phones, his clients and a CRM that knows who owns
 * them: the ground on which all trials of one version run at once.
 */
import type { Pool } from 'pg';
import { managerConf } from '../../pbx/manager-users.js';
import { startAsterisk } from '../../pbx/asterisk.js';
import type { Asterisk } from '../../pbx/asterisk.js';
import type { PortBlock } from '../../pbx/ports.js';
import type { Agent } from '../../pbx/sip-agent/agent.js';
import { startAgent } from '../../pbx/sip-agent/agent.js';
import { startPhoneAgent } from '../../pbx/sip-agent/on-pbx.js';
import { startRetailCrmStandIn } from '../../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../../standins/retailcrm/server.js';
import type { Decision } from '../../../src/redirect/ports.js';
import { createCutProxy } from '../../support/cut-proxy.js';
import type { CutProxy } from '../../support/cut-proxy.js';
import { until } from '../../support/until.js';
import { redirectDialplan } from '../redirect-pbx.js';
import { ClientCall } from './client-call.js';
import { ENTERPRISES, enterpriseOf, secretOf, seatsOf } from './seat.js';
import type { Digit, Seat } from './seat.js';
import type { Trial } from './trial.js';

export interface Office extends AsyncDisposable {
  readonly version: 16 | 22;
  readonly asterisk: Asterisk;
  /** The clients' side of the trunk. */
  readonly clients: Agent;
  /** The phones of all extensions. */
  readonly phones: Agent;
  readonly crm: RetailCrmStandIn;
  /** By the digit of whom it is for: lines to AMI of their own. */
  readonly lines: Readonly<Record<'1' | '8' | '9', CutProxy>>;
  /** Every call a client placed. */
  readonly placed: readonly ClientCall[];
  /** When the CRM last answered who owns this client, Unix ms. */
  toldAt(client: string): number | null;
  place(seat: Seat, options?: { line?: string; from?: string }): ClientCall;
  /** The decision about the last call of this seat's line, as soon as it is carried out. */
  decision(seat: Seat): Promise<Decision>;
  /** Resolves when a talk of this client with this phone is in the history of calls. */
  recorded(client: string, phone: string): Promise<void>;
}

/** Somebody who may read and ask, and do nothing. */
export const LOOKER = { username: 'looker', secret: 'looker-secret' };
/** Endpoints without a phone, and one whose phone is at two places. */
export const OFFLINE = '204';
export const TWO_PHONES = '220';
const CONTACTS: Readonly<Record<string, readonly string[]>> = { [OFFLINE]: [], [TWO_PHONES]: ['220', '220b'] };
/** What is taken away while calls wait. */
export const PASSING_ROUTE = { file: 'passing.conf', text: '[passing]\nexten => _X!,1,Dial(PJSIP/229,20)\n' };

/** `pool`: the database of the daemon whose decisions are asked for. */
export async function openOffice(version: 16 | 22, trials: readonly Trial[], pool: Pool): Promise<Office> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const asterisk = await startAsterisk({
      version,
      extraDialplan: redirectDialplan({ defaultRoute: DEFAULT_ROUTE, extra: inbound(trials) }),
      extraPhones: endpoints,
      files: (ports) => ({
        'manager.conf': `${managerConf(version, ports.ami)}${LOOKING}`,
        // As Asterisk has it where nobody says otherwise, for `#`.
        'features.conf':
          '[general]\nfeaturedigittimeout=1000\ntransferdigittimeout=1\n[featuremap]\nblindxfer=>#\natxfer=>*2\n',
        [PASSING_ROUTE.file]: PASSING_ROUTE.text,
      }),
    });
    undo.push(() => asterisk.stop());
    const clients = await startPhoneAgent(asterisk, 'trunk');
    undo.push(() => clients.stop());
    const phones = await startAgent({
      port: asterisk.ports.phone(PHONES_PORT),
      pbxPort: asterisk.sipPort,
      user: 'phone',
      takes: {
        default: { then: 'answer', ringMs: 200 },
        calls: Object.assign({}, ...trials.map((one) => one.phones)) as Trial['phones'],
      },
    });
    undo.push(() => phones.stop());
    const crm = await startRetailCrmStandIn(peopleOf(trials));
    undo.push(() => crm.stop());
    const toldAt = new Map<string, number>();
    crm.onRequest(({ query, status }) => {
      const phone = query.get('phone');
      if (phone !== null && status === 200) toldAt.set(phone.replace(/\D/g, ''), Date.now());
    });
    const lines = { '1': await amiLine(), '8': await amiLine(), '9': await amiLine() };
    const placed: ClientCall[] = [];

    async function amiLine(): Promise<CutProxy> {
      const line = await createCutProxy({ host: '127.0.0.1', port: asterisk.amiPort });
      undo.push(() => line.close());
      return line;
    }

    return {
      version,
      asterisk,
      clients,
      phones,
      crm,
      lines,
      placed,
      toldAt: (client) => toldAt.get(client.replace(/\D/g, '')) ?? null,
      place(seat, { line = seat.line, from = seat.from } = {}) {
        const call = new ClientCall(seat, clients.call(line, { from }), { clients, phones });
        placed.push(call);
        return call;
      },
      decision: ({ id, line }) => decisionOf(pool, enterpriseOf(version, id), line),
      async recorded(client, phone) {
        await until(`a talk of ${client} with ${phone}`, async () => {
          const { rowCount } = await pool.query(
            "SELECT 1 FROM calls WHERE enterprise_number = $1 AND phone = $2 AND answered_by = $3 AND result = 'answered'",
            [enterpriseOf(version, phone), client, phone],
          );
          return (rowCount ?? 0) > 0;
        });
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** 160 to 164 have ports and no endpoint in the plain configuration. */
const PHONES_PORT = '160';

const DIGITS = Object.keys(ENTERPRISES) as Digit[];

const DEFAULT_ROUTE = 'exten => _0002XXX,1,Dial(PJSIP/${EXTEN:4:1}00,20)';

const LOOKING = `
[${LOOKER.username}]
secret=${LOOKER.secret}
deny=0.0.0.0/0.0.0.0
permit=127.0.0.1/255.255.255.255
read=call,user,cdr
write=reporting
`;

function inbound(trials: readonly Trial[]): string {
  const line = (pattern: string, ...steps: string[]) =>
    [`exten => ${pattern},1,NoOp()`, ...steps, 'Goto(smart-redirect-start,${EXTEN},1)'].join('\n same => n,');
  const signing = (digit: Digit) => `Set(TRUNKLINE_SECRET=${secretOf(digit)})`;
  const own = DIGITS.filter((digit) => secretOf(digit) !== secretOf('2'));
  return `
[from-trunk](+)
${line('_0002XXX')}
${own.map((digit) => line(`_0002${digit}XX`, signing(digit))).join('\n')}
${trials
  .filter((one) => one.inbound.length > 0)
  .map((one) => line(one.seat.line, ...one.inbound))
  .join('\n')}
; A busy machine has the time to start a daemon before these waits are over.
${line('_000210[12]', signing('1'), 'Set(TRUNKLINE_WAIT=60)')}
exten => _0003XXX,1,Dial(PJSIP/\${EXTEN:4},20,tT)

; Calls of a line that ring its own phone when nobody owns them.
[own-phone]
exten => _0002XXX,1,Dial(PJSIP/\${EXTEN:4},20)

#include "${PASSING_ROUTE.file}"
`;
}

function endpoints(ports: PortBlock): string {
  const contact = (user: string) => `contact=sip:${user}@127.0.0.1:${ports.phone(PHONES_PORT)}`;
  return DIGITS.flatMap(seatsOf)
    .map(
      ({ id }) => `
[${id}]
type=endpoint
context=internal
disallow=all
allow=ulaw
aors=${id}
callerid="Manager ${id}" <${id}>
direct_media=no
dtmf_mode=info
[${id}]
type=aor
${(CONTACTS[id] ?? [id]).map(contact).join('\n')}
`,
    )
    .join('');
}

/** A client is owned by the phone of his seat, unless the trial there says otherwise. */
function peopleOf(trials: readonly Trial[]) {
  const seats = DIGITS.flatMap(seatsOf);
  const owners = new Map(trials.map(({ seat, owner }) => [seat.id, owner]));
  return {
    users: seats.map(({ id }) => ({ id: userOf(id), firstName: `Manager ${id}`, code: id })),
    customers: seats.map(({ id, client }) => {
      const owner = owners.has(id) ? owners.get(id) : id;
      return { phone: client, firstName: 'Client', lastName: id, ...(owner ? { managerId: userOf(owner) } : {}) };
    }),
    telephonyPerSecond: 0,
  };
}

export async function decisionOf(pool: Pool, enterprise: string, line: string): Promise<Decision> {
  return until(`a decision on line ${line}`, async () => {
    const { rows } = await pool.query<{ decision: Decision }>(
      "SELECT decision FROM redirect_decisions WHERE enterprise_number = $1 AND decision->>'line' = $2 ORDER BY id DESC LIMIT 1",
      [enterprise, line],
    );
    return rows[0]?.decision.action ? rows[0].decision : null;
  });
}

/** RetailCRM's number of the user who has this extension. */
export const userOf = (extension: string): number => 1_000 + Number(extension);

/** RetailCRM's users of an enterprise, with their extensions. */
export function codesOf(digit: Digit): Record<string, string> {
  return Object.fromEntries(seatsOf(digit).map(({ id }) => [String(userOf(id)), id]));
}
