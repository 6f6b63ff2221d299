/**
 * The methods of the portal's REST, each with what it takes and refuses, and with the texts the real one refuses by.
 * Parameters come from JSON or from a query of a batch, so numbers may be text.
 */
import type { Bitrix24Portal, PortalClient, StoredCall } from './portal.js';
import { listOf } from './php.js';

export interface Caller {
  /** Webhook or application: who a registration belongs to. */
  app: string;
  kind: 'webhook' | 'application';
  userId: number;
  admin: boolean;
  /** Null: everything. */
  scopes: readonly string[] | null;
}

export class Refused extends Error {
  readonly status: number;
  readonly error: string;

  constructor(status: number, error: string, text: string) {
    super(text);
    this.status = status;
    this.error = error;
  }
}

export interface Reply {
  result: unknown;
  total?: number;
  next?: number;
  effect?: string;
}

/** What the portal does or does not, switched while it runs. */
export interface Moods {
  /** Webhooks may not register and finish calls: some portals want an application for that. */
  webhooksDenied: boolean;
  /** The user behind the key may view statistics. */
  statistics: boolean;
  unknownLines: 'create' | 'refuse';
  /** What the server of recordings answers the portal. */
  recordings: number;
  /** A lead that cannot be made. */
  leadError: string | null;
  /** Single calls of methods that are refused, alone or in a batch; each once. */
  troubles: Trouble[];
}

export interface Trouble {
  method: string;
  /** Calls of the method that pass before. */
  after?: number;
  status?: number;
  error: string;
  text: string;
}

export type Params = Record<string, unknown>;
type Method = (params: Params, caller: Caller) => Reply;

const STATUS_CODES = ['200', '304', '603', '603-S', '403', '404', '486', '484', '503', '480', '402', '423', 'OTHER'];
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:[+-]\d{2}:\d{2}|Z)$/;
const PAGE = 50;

interface Described {
  scope: readonly string[];
  /** What it takes; anything else is a slip of ours. */
  takes: readonly string[];
  /** Works by application alone where webhooks are denied. */
  application?: boolean;
  run: Method;
}

export function methodsOf(portal: Bitrix24Portal, moods: Moods, clientId: string): Map<string, Described> {
  const telephony = { scope: ['telephony'] };
  const person = ['USER_ID', 'USER_PHONE_INNER'];
  const described: Record<string, Described> = {
    profile: { scope: [], takes: [], run: (_params, caller) => profile(caller) },
    scope: {
      scope: [],
      takes: [],
      run: (_params, caller) => ({ result: caller.scopes ?? ['crm', 'telephony', 'user'] }),
    },
    'method.get': {
      scope: [],
      takes: ['name'],
      run: (params, caller) => {
        const method = methods.get(text(params['name']).toLowerCase());
        return {
          result: { isExisting: method !== undefined, isAvailable: method !== undefined && mayUse(method, caller) },
        };
      },
    },
    'app.info': { scope: [], takes: [], run: (_params, caller) => appInfo(caller, clientId) },
    'event.bind': {
      scope: [],
      takes: ['event', 'handler', 'auth_type', 'event_type', 'auth_connector', 'options'],
      run: (params, caller) => bind(portal, params, caller),
    },
    'user.get': {
      scope: ['user', 'user_basic', 'user_brief'],
      takes: ['sort', 'order', 'FILTER', 'start', 'ADMIN_MODE'],
      run: (params) => userGet(portal, params),
    },
    'telephony.externalcall.register': {
      ...telephony,
      application: true,
      takes: [
        ...person,
        'PHONE_NUMBER',
        'TYPE',
        'CALL_START_DATE',
        'CRM_CREATE',
        'CRM_SOURCE',
        'CRM_ENTITY_TYPE',
        'CRM_ENTITY_ID',
        'SHOW',
        'ADD_TO_CHAT',
        'CALL_LIST_ID',
        'LINE_NUMBER',
        'EXTERNAL_CALL_ID',
      ],
      run: (params, caller) => register(portal, moods, params, caller),
    },
    'telephony.externalcall.show': {
      ...telephony,
      takes: ['CALL_ID', 'USER_ID'],
      run: (params) => screen(portal, params, 'show'),
    },
    'telephony.externalcall.hide': {
      ...telephony,
      takes: ['CALL_ID', 'USER_ID'],
      run: (params) => screen(portal, params, 'hide'),
    },
    'telephony.externalcall.finish': {
      ...telephony,
      application: true,
      takes: [
        'CALL_ID',
        ...person,
        'DURATION',
        'COST',
        'COST_CURRENCY',
        'STATUS_CODE',
        'FAILED_REASON',
        'RECORD_URL',
        'VOTE',
        'ADD_TO_CHAT',
      ],
      run: (params) => finish(portal, params),
    },
    'telephony.externalcall.attachrecord': {
      ...telephony,
      takes: ['CALL_ID', 'RECORD_URL', 'FILENAME', 'FILE_CONTENT'],
      run: (params) => attachRecord(portal, moods, params),
    },
    'telephony.externalcall.searchcrmentities': {
      ...telephony,
      takes: ['PHONE_NUMBER'],
      run: (params) => searchCrmEntities(portal, params),
    },
    'voximplant.statistic.get': {
      ...telephony,
      takes: ['FILTER', 'SORT', 'ORDER', 'start'],
      run: (params) => statistics(portal, moods, params),
    },
  };
  const methods = new Map(Object.entries(described));
  return methods;
}

function ofApplication({ kind }: Caller): void {
  if (kind !== 'application') throw new Refused(400, 'ACCESS_DENIED', 'Access denied! Application context required');
}

function appInfo(caller: Caller, clientId: string): Reply {
  ofApplication(caller);
  return { result: { ID: 5, CODE: clientId, VERSION: 1, STATUS: 'L', INSTALLED: true, LANGUAGE_ID: 'ru' } };
}

const EVENTS = ['ONEXTERNALCALLSTART', 'ONEXTERNALCALLBACKSTART', 'ONAPPINSTALL', 'ONAPPUNINSTALL'];

function bind(portal: Bitrix24Portal, params: Params, caller: Caller): Reply {
  ofApplication(caller);
  const [event, handler] = [text(params['event']).toUpperCase(), text(params['handler'])];
  if (!EVENTS.includes(event)) throw new Refused(400, 'ERROR_EVENT_NOT_FOUND', 'Event not found');
  if (!URL.canParse(handler)) throw new Refused(400, 'ERROR_CORE', 'Handler URL is not valid');
  if (portal.handlers.some((one) => one.event === event && one.handler === handler))
    throw new Refused(400, 'ERROR_CORE', 'Unable to set event handler: Handler already binded');
  portal.handlers.push({ event, handler });
  return { result: true, effect: `${event} goes to ${new URL(handler).pathname}` };
}

export function mayUse({ scope }: Pick<Described, 'scope'>, { scopes }: Caller): boolean {
  return scope.length === 0 || scopes === null || scope.some((one) => scopes.includes(one));
}

/** Rights first, then the parameters, as the server does. */
export function callMethod(
  methods: Map<string, Described>,
  moods: Moods,
  name: string,
  params: Params,
  caller: Caller,
): Reply {
  const method = methods.get(name.toLowerCase());
  if (!method) throw new Refused(404, 'ERROR_METHOD_NOT_FOUND', 'Method not found!');
  if (!mayUse(method, caller))
    throw new Refused(
      403,
      'insufficient_scope',
      'The request requires higher privileges than provided by the webhook token',
    );
  if (method.application && moods.webhooksDenied && caller.kind === 'webhook')
    throw new Refused(403, 'WRONG_AUTH_TYPE', 'Current authorization type is denied for this method');
  const trouble = troubleOf(moods, name);
  if (trouble) throw new Refused(trouble.status ?? 400, trouble.error, trouble.text);
  const slip = Object.keys(params).find((key) => !method.takes.includes(key));
  if (slip !== undefined) throw new Refused(400, 'INVALID_ARGUMENT', `${name} takes no ${slip}`);
  return method.run(params, caller);
}

function troubleOf({ troubles }: Moods, name: string): Trouble | null {
  const trouble = troubles.find(({ method }) => method.toLowerCase() === name.toLowerCase());
  if (!trouble) return null;
  if ((trouble.after ?? 0) > 0) {
    trouble.after = (trouble.after ?? 0) - 1;
    return null;
  }
  troubles.splice(troubles.indexOf(trouble), 1);
  return trouble;
}

function profile({ userId, admin }: Caller): Reply {
  return {
    result: { ID: String(userId), ADMIN: admin, NAME: 'Key', LAST_NAME: 'Holder', PERSONAL_GENDER: '', TIME_ZONE: '' },
  };
}

function userGet(portal: Bitrix24Portal, params: Params): Reply {
  const start = integer(params['start'] ?? 0) ?? 0;
  const page = portal.users.slice(start, start + PAGE).map((user) => ({
    ID: String(user.id),
    ACTIVE: user.active !== false,
    NAME: user.name,
    LAST_NAME: user.lastName ?? '',
    EMAIL: `user${user.id}@example.invalid`,
    IS_ONLINE: 'N',
    UF_DEPARTMENT: [1],
    ...(user.inner === undefined ? {} : { UF_PHONE_INNER: user.inner }),
  }));
  return { result: page, ...pageOf(start, portal.users.length) };
}

function pageOf(start: number, total: number): { total: number; next?: number } {
  return { total, ...(start + PAGE < total ? { next: start + PAGE } : {}) };
}

function register(portal: Bitrix24Portal, moods: Moods, params: Params, caller: Caller): Reply {
  const user = personIn(portal, params);
  const phone = text(params['PHONE_NUMBER']);
  if (!/^\+?[\d\s()*#.-]*\d[\d\s()*#.-]*$/.test(phone)) throw core('Unsupported phone number format');
  const type = integer(params['TYPE']);
  if (type === null || type < 1 || type > 5) throw core('Unknown TYPE');
  const start = params['CALL_START_DATE'];
  if (start !== undefined && (!ISO.test(text(start)) || Number.isNaN(Date.parse(text(start)))))
    throw core('CALL_START_DATE should be in the ISO-8601 format');
  const line = params['LINE_NUMBER'] === undefined ? null : text(params['LINE_NUMBER']);
  if (line !== null && !portal.lines.has(line)) {
    if (moods.unknownLines === 'refuse') throw core(`Could not find line with number ${line}`);
    portal.lines.add(line);
  }
  const lead = flag(params['CRM_CREATE'], false);
  const { call, lead: made } = portal.register(
    {
      app: caller.app,
      userId: user.id,
      phone,
      type,
      line,
      externalId: params['EXTERNAL_CALL_ID'] === undefined ? null : text(params['EXTERNAL_CALL_ID']),
      startedAt: start === undefined ? Date.now() : Date.parse(text(start)),
    },
    lead && moods.leadError === null,
  );
  const shown = flag(params['SHOW'], true);
  if (shown) portal.show(call, [user.id]);
  return {
    result: {
      CALL_ID: call.callId,
      CRM_CREATED_LEAD: made,
      CRM_CREATED_ENTITIES: made === null ? [] : [{ ENTITY_TYPE: 'LEAD', ENTITY_ID: made }],
      CRM_ENTITY_TYPE: call.client?.type ?? '',
      CRM_ENTITY_ID: call.client?.id ?? null,
      ...(lead && moods.leadError !== null ? { LEAD_CREATION_ERROR: moods.leadError } : {}),
    },
    effect: shown ? `card of ${phone} shown to ${user.id}` : `call of ${phone} registered`,
  };
}

function screen(portal: Bitrix24Portal, params: Params, what: 'show' | 'hide'): Reply {
  const call = portal.find(text(params['CALL_ID']));
  if (!call) return { result: false, effect: `nothing to ${what}: the call is not known` };
  const users = params['USER_ID'] === undefined ? [call.userId] : listOf(params['USER_ID']).map(Number);
  if (users.length === 0 || users.some((id) => !Number.isInteger(id) || id <= 0))
    throw new Refused(400, 'INVALID_ARGUMENT', 'USER_ID should be a user or a list of users');
  if (what === 'show') portal.show(call, users);
  else portal.hide(call.callId, users);
  const effect = `${what === 'show' ? `card of ${call.phone} shown to` : 'card closed for'} ${users.join(', ')}`;
  return { result: true, effect };
}

function finish(portal: Bitrix24Portal, params: Params): Reply {
  const { CALL_ID: callId } = params;
  if (typeof callId !== 'string') throw new Refused(400, 'INVALID_ARGUMENT', 'CALL_ID must be a string');
  if (params['USER_ID'] === undefined && params['USER_PHONE_INNER'] === undefined)
    throw core('USER_ID or USER_PHONE_INNER should be set');
  const call = portal.find(callId);
  // The closing bracket is missing there as well.
  if (!call) throw core('Call is not found (call should be registered prior to finishing');
  const user = personIn(portal, params);
  const duration = params['DURATION'] === undefined ? 0 : integer(params['DURATION']);
  if (duration === null || duration < 0) throw new Refused(400, 'INVALID_ARGUMENT', 'DURATION should be seconds');
  const code = params['STATUS_CODE'] === undefined ? (duration > 0 ? '200' : '304') : text(params['STATUS_CODE']);
  if (!STATUS_CODES.includes(code)) throw new Refused(400, 'INVALID_ARGUMENT', `no such STATUS_CODE: ${code}`);
  const row = portal.finish(call, {
    userId: user.id,
    duration,
    code,
    reason: params['FAILED_REASON'] === undefined ? '' : text(params['FAILED_REASON']),
    addToChat: flag(params['ADD_TO_CHAT'], true),
  });
  return {
    result: finished(row),
    effect: `call of ${row.phone} with ${row.userId} in history: ${code}, ${duration} s`,
  };
}

function finished(row: StoredCall): Record<string, unknown> {
  return {
    CALL_ID: row.callId,
    EXTERNAL_CALL_ID: row.externalId,
    PORTAL_USER_ID: row.userId,
    PHONE_NUMBER: row.phone,
    PORTAL_NUMBER: row.line ?? '',
    INCOMING: String(row.type),
    CALL_DURATION: row.duration,
    CALL_START_DATE: {},
    CALL_STATUS: row.code === '200' ? 1 : 0,
    CALL_VOTE: 0,
    COST: 0,
    COST_CURRENCY: '',
    CALL_FAILED_CODE: row.code,
    CALL_FAILED_REASON: row.reason,
    REST_APP_ID: '3',
    REST_APP_NAME: 'PBX',
    CRM_ACTIVITY_ID: row.activityId,
    COMMENT: null,
    CRM_ENTITY_TYPE: row.client?.type ?? '',
    CRM_ENTITY_ID: row.client?.id ?? 0,
    ID: row.id,
  };
}

function attachRecord(portal: Bitrix24Portal, moods: Moods, params: Params): Reply {
  const { RECORD_URL: url, FILENAME: name } = params;
  if (url === undefined && name === undefined)
    throw new Refused(
      400,
      '',
      'Required parameters are not set. Request should contain either URL or FILENAME parameter',
    );
  const row = portal.stored(text(params['CALL_ID']));
  if (!row)
    throw new Refused(400, '', 'Call is not found in the statistic table. It looks like it is not finished yet.');
  if (name !== undefined && text(name) === '') throw core('File name is empty');
  if (url !== undefined && !URL.canParse(text(url))) throw core('Server returns HTTP error code 0');
  const file = name === undefined ? new URL(text(url)).pathname : text(name);
  if (!/\.(wav|mp3)$/i.test(file)) throw core('Wrong file extension. Only wav and mp3 are allowed');
  if (url === undefined) {
    const content = params['FILE_CONTENT'];
    if (content === undefined)
      return { result: { uploadUrl: 'https://portal.example.invalid/upload', fieldName: 'file' } };
    if (text(content) === '') throw core('File content is empty.');
    if (!/^[A-Za-z0-9+/]+=*$/.test(text(content)))
      throw core('File content is not properly encoded. Base64 encoding is expected.');
  } else if (moods.recordings !== 200) {
    throw core(`Server returns HTTP error code ${moods.recordings}`);
  }
  row.recordUrl = url === undefined ? file : text(url);
  row.fileId = 9000 + row.id;
  return { result: { FILE_ID: row.fileId }, effect: `recording of ${row.phone} attached` };
}

function searchCrmEntities(portal: Bitrix24Portal, params: Params): Reply {
  const phone = text(params['PHONE_NUMBER'] ?? '');
  if (phone === '') throw core('PHONE_NUMBER is empty');
  const found = portal.clientsOf(phone).map((client) => entity(portal, client));
  return { result: found, effect: `${found.length} clients with ${phone}` };
}

function entity(portal: Bitrix24Portal, client: PortalClient): Record<string, unknown> {
  const user = portal.users.find(({ id }) => id === client.assignedTo);
  return {
    CRM_ENTITY_TYPE: client.type,
    CRM_ENTITY_ID: client.id,
    ASSIGNED_BY_ID: client.assignedTo,
    NAME: client.name,
    ASSIGNED_BY: {
      ID: String(client.assignedTo),
      TIMEMAN_STATUS: 'OPENED',
      USER_PHONE_INNER: user?.inner ?? null,
      WORK_PHONE: null,
      PERSONAL_PHONE: null,
      PERSONAL_MOBILE: null,
    },
  };
}

/** Filters by what it knows; a filter it does not know is none. */
function statistics(portal: Bitrix24Portal, moods: Moods, params: Params): Reply {
  if (!moods.statistics) throw new Refused(403, 'ACCESS_DENIED', 'Access denied!');
  const filter = (params['FILTER'] ?? {}) as Record<string, unknown>;
  const rows = portal.calls.map(statisticOf).filter((row) =>
    Object.entries(filter).every(([name, wanted]) => {
      const field = name.replace(/^=/, '');
      return !Object.hasOwn(row, field) || listOf(wanted).map(String).includes(String(row[field]));
    }),
  );
  const start = integer(params['start'] ?? 0) ?? 0;
  return {
    result: rows.slice(start, start + PAGE),
    ...pageOf(start, rows.length),
    effect: `${rows.length} calls found`,
  };
}

/** Every field is text, but for the file. */
function statisticOf(row: StoredCall): Record<string, unknown> {
  return {
    ID: String(row.id),
    PORTAL_USER_ID: String(row.userId),
    PORTAL_NUMBER: row.line ?? '',
    PHONE_NUMBER: row.phone,
    CALL_ID: row.callId,
    EXTERNAL_CALL_ID: row.externalId,
    CALL_CATEGORY: 'external',
    CALL_DURATION: String(row.duration),
    CALL_START_DATE: new Date(row.startedAt).toISOString(),
    CALL_RECORD_URL: null,
    CALL_FAILED_CODE: row.code,
    CALL_FAILED_REASON: row.reason,
    CRM_ENTITY_TYPE: row.client?.type ?? '',
    CRM_ENTITY_ID: String(row.client?.id ?? 0),
    CRM_ACTIVITY_ID: String(row.activityId),
    COMMENT: null,
    RECORD_FILE_ID: row.fileId,
    CALL_TYPE: String(row.type),
  };
}

function personIn(portal: Bitrix24Portal, params: Params) {
  const [id, inner] = [params['USER_ID'], params['USER_PHONE_INNER']];
  if (id === undefined && inner === undefined) throw core('USER_ID or USER_PHONE_INNER should be set');
  const user = portal.userOf(id === undefined ? null : integer(id), inner === undefined ? null : text(inner));
  if (user) return user;
  throw core(id === undefined ? 'USER_ID or USER_PHONE_INNER should be set' : 'User is not found or is not active');
}

function core(text_: string): Refused {
  return new Refused(400, 'ERROR_CORE', text_);
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function integer(value: unknown): number | null {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : null;
}

function flag(value: unknown, absent: boolean): boolean {
  return value === undefined ? absent : String(value) === '1';
}
