/**
 * The four ways a PBX may let the product read it.
 *
 * `crm` sees everything. `min` is the smallest user that suffices. `safe` is `min` without the three events through
 * which a caller's number most often forges others. `fleet` is `safe` and the two variables the fleet's dialplan
 * speaks through.
 */
export type ManagerUserName = 'crm' | 'safe' | 'min' | 'fleet';

export interface ManagerUser {
  readonly username: ManagerUserName;
  readonly secret: string;
}

export const MANAGER_USERS: Readonly<Record<ManagerUserName, ManagerUser>> = {
  crm: { username: 'crm', secret: 'crm-secret' },
  safe: { username: 'safe', secret: 'safe-secret' },
  min: { username: 'min', secret: 'min-secret' },
  fleet: { username: 'fleet', secret: 'fleet-secret' },
};

/** Which syntax of `eventfilter` the version speaks: exact by name since 18.24, 20.9 and 21.4, a regex before. */
export type FilterSyntax = 'regex' | 'named';
export const filterSyntaxOf = (version: 16 | 22): FilterSyntax => (version === 16 ? 'regex' : 'named');

export const FORGEABLE = ['Newchannel', 'Newexten', 'VarSet'];
export const FLEET_VARIABLES = ['LisAMI_EventData', 'MIXMONITOR_FILENAME'];
export const FLEET_EVENTS = [
  ...['Newstate', 'DialBegin', 'DialState', 'DialEnd', 'BridgeCreate', 'BridgeEnter', 'BridgeLeave', 'BridgeMerge'],
  ...['BridgeDestroy', 'Hangup', 'HangupRequest', 'SoftHangupRequest', 'NewConnectedLine', 'NewCallerid', 'Hold'],
  ...['Unhold', 'MixMonitorStart', 'MixMonitorStop', 'AttendedTransfer', 'BlindTransfer', 'Pickup', 'LocalBridge'],
  ...['OriginateResponse', 'LocalOptimizationBegin', 'LocalOptimizationEnd', 'UserEvent', 'Cdr'],
];

function withoutForgeable(syntax: FilterSyntax): string[] {
  return FORGEABLE.map((name) =>
    syntax === 'named' ? `eventfilter(action(exclude),name(${name})) =` : `eventfilter = !Event: ${name}`,
  );
}

/** A user with including filters gets nothing that no filter includes. */
function fleetOnly(syntax: FilterSyntax): string[] {
  if (syntax === 'named') {
    return [
      ...FLEET_EVENTS.map((name) => `eventfilter(action(include),name(${name})) =`),
      ...FLEET_VARIABLES.map(
        (variable) => `eventfilter(action(include),name(VarSet),header(Variable),method(exact)) = ${variable}`,
      ),
    ];
  }
  const end = '[[:cntrl:]]';
  return [
    `eventfilter = ^Event: (${FLEET_EVENTS.join('|')})${end}`,
    `eventfilter = ^Event: VarSet${end}.*${end}Variable: (${FLEET_VARIABLES.join('|')})${end}`,
  ];
}

export function managerConf(version: 16 | 22, port: number): string {
  const syntax = filterSyntaxOf(version);
  const user = (name: ManagerUserName, read: string, write: string, filters: string[] = []) =>
    [
      `[${name}]`,
      `secret=${MANAGER_USERS[name].secret}`,
      'deny=0.0.0.0/0.0.0.0',
      'permit=127.0.0.1/255.255.255.255',
      `read=${read}`,
      `write=${write}`,
      ...filters,
    ].join('\n');
  return [
    `[general]\nenabled=yes\nwebenabled=no\nport=${port}\nbindaddr=127.0.0.1\ntimestampevents=yes\n`,
    user('crm', 'all', 'all'),
    user('safe', 'call,user,cdr', 'call,reporting,originate', withoutForgeable(syntax)),
    user('min', 'call,user,cdr', 'call,reporting'),
    user('fleet', 'call,user,cdr,dialplan', 'call,reporting,originate', fleetOnly(syntax)),
    '',
  ].join('\n');
}
