/** Calls on a PBX of the fleet's kind, whose dialplan asks `getcustomerdata`: on every path of the endpoint. */
import { FLEET_ASKS } from './fleet-macro.js';
import { lineOf } from './http-host.js';
import type { HttpTrial } from './http-trials.js';

export interface FleetPlaces {
  daemon: string;
  /** One that has not read its settings yet, one whose database fails, and none at all. */
  starting: string;
  broken: string;
  nowhere: string;
  /** Servers in the daemon's place. */
  faults: string;
}

/** Enterprises by the last digit of their number. */
export const FLEET_ENTERPRISES = {
  '1': 'asked over HTTP alone, with its contexts listed',
  '2': 'with AMI',
  '3': 'whose CRM is silent',
  '4': 'that may ask once in a while',
  '5': 'in mode off',
  '6': 'in mode shadow',
} as const;
type Digit = keyof typeof FLEET_ENTERPRISES;

export const fleetToken = (version: number, digit: string): string => `unit-token-${version}${digit}`;
/** The generated number of an extension, which its contexts are called by. */
export const fleetId = (version: number, digit: string, extension: string): string => `${version}${digit}${extension}`;

/** A trial with the enterprise whose context it has on its line, if any. */
export interface FleetTrial extends HttpTrial {
  context: { digit: Digit; extension: string } | null;
}

export function fleetTrials(version: number, places: FleetPlaces): FleetTrial[] {
  const trial = (
    what: string,
    told: Partial<FleetTrial> &
      Pick<HttpTrial, 'rings'> & { digit?: Digit; token?: string; url?: string; body?: string },
  ): FleetTrial => {
    const { digit = '1', token = fleetToken(version, digit), url = places.daemon, body, owner = '151', ...more } = told;
    const inbound = [
      `Set(FLEET_URL=${url})`,
      `Set(ID_TOKEN=${token})`,
      ...(body === undefined ? [] : [`Set(FLEET_BODY=${body})`]),
    ];
    return { what, owner, inbound, asks: FLEET_ASKS, context: null, ...more };
  };
  const desk = ['150'];
  const name = (owner: string) => `Ann VIP ${owner} Ltd`;
  const [answer, incall, asks, ...then] = FLEET_ASKS as [string, string, string, ...string[]];
  return [
    trial('AMI says that the context is there', {
      digit: '2',
      owner: '157',
      context: { digit: '2', extension: '157' },
      rings: ['157'],
      shows: name('157'),
    }),
    trial('the context is listed', {
      owner: '158',
      context: { digit: '1', extension: '158' },
      rings: ['158'],
      shows: name('158'),
    }),
    trial('AMI says that it is not there', { digit: '2', rings: desk, shows: name('151') }),
    trial('nothing says that it is there', { rings: desk, shows: name('151') }),
    trial('the owner is in a call', {
      digit: '2',
      owner: '154',
      context: { digit: '2', extension: '154' },
      rings: desk,
      shows: name('154'),
    }),
    trial('nobody owns the client', { owner: null, rings: desk, shows: '' }),
    trial('the token is in quotes', {
      token: `"${fleetToken(version, '1')}"`,
      owner: '155',
      context: { digit: '1', extension: '155' },
      rings: ['155'],
    }),
    trial('the token is unknown', { token: 'no-such-token', rings: desk, shows: '' }),
    trial('there is no token', { token: '', rings: desk, shows: '' }),
    trial('the token ends with a line end', { token: `${fleetToken(version, '1')}\${URIDECODE(%0A)}`, rings: desk }),
    trial('the token has a line end in it', { token: 'unit${URIDECODE(%0A)}token', rings: desk, shows: '' }),
    trial('the body is no JSON', { body: '{"UniqueId":', rings: desk, shows: '' }),
    trial('the body is a list', { body: '[1]', rings: desk, shows: '' }),
    trial('the number holds a quote', { body: '{"Phone":"80"29","TrunkId":"1"}', rings: desk, shows: '' }),
    trial('the CRM is silent', { digit: '3', rings: desk, shows: '' }),
    trial('it is asked too often', { digit: '4', asks: [answer, incall, asks, asks, ...then], rings: desk, shows: '' }),
    trial('the enterprise is off', { digit: '5', rings: desk, shows: '' }),
    trial('the enterprise only watches', { digit: '6', rings: desk, shows: '' }),
    trial('the daemon is starting', { url: places.starting, rings: desk, shows: '' }),
    trial('the daemon is gone', { url: places.nowhere, rings: desk, shows: '' }),
    trial('the database fails', { url: places.broken, rings: desk, shows: name('151') }),
    // How it was before: what the test shows when an answer is not of the form.
    trial('another server refuses in JSON', { url: `${places.faults}/JSON`, rings: [], lost: true }),
    trial('another server shows a page', { url: `${places.faults}/${encodeURIComponent('a page')}`, rings: desk }),
  ];
}

/** The contexts a generator has written for these trials. */
export function fleetContexts(
  version: number,
  trials: readonly FleetTrial[],
  digit?: Digit,
): { name: string; extension: string }[] {
  return trials.flatMap(({ context }, nth) =>
    context === null || (digit !== undefined && context.digit !== digit)
      ? []
      : [
          {
            name: `mngr${fleetId(version, context.digit, context.extension)}_${lineOf(nth)}_1`,
            extension: context.extension,
          },
        ],
  );
}
