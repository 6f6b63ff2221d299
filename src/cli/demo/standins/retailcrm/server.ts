/**
 * RetailCRM as far as telephony goes, strict: it refuses what the real one refuses (key first, then path and method, then
 * parameters), takes urlencoded bodies only, and keeps the state a manager would see.
 */
import type { z } from 'zod';
import { startStandInServer, webPage } from '../server.js';
import type { StandInAnswer, StandInRequest, StandInServer } from '../server.js';
import { RetailCrmAccount } from './account.js';
import type { StandInCustomer, StandInUser } from './account.js';
import { callEvent, integrationModule, newCustomer, uploadedCall } from './schemas.js';

export interface RetailCrmStandInOptions {
  /** 0 or absent: a free one. */
  port?: number;
  /** Keys it takes and what each may do; a scope list of null is everything. Default: `key-1`, everything. */
  keys?: Record<string, string[] | null>;
  users?: StandInUser[];
  customers?: StandInCustomer[];
  sites?: string[];
  /** Requests a second per key; default 40 under `/telephony` and 10 elsewhere, 0 is no limit. */
  telephonyPerSecond?: number;
  otherPerSecond?: number;
}

export interface RetailCrmStandIn extends StandInServer {
  state: RetailCrmAccount;
}

const DEFAULT_USERS: StandInUser[] = [
  { id: 7, firstName: 'Ann', lastName: 'Testova', email: 'ann@example.invalid', code: '151' },
  { id: 8, firstName: 'Boris', lastName: 'Testov', email: 'boris@example.invalid', code: '152' },
  { id: 9, firstName: 'Vera', lastName: 'Testova', email: 'vera@example.invalid', code: '153' },
];

export async function startRetailCrmStandIn(options: RetailCrmStandInOptions = {}): Promise<RetailCrmStandIn> {
  const state = new RetailCrmAccount(options.users ?? DEFAULT_USERS, options.customers ?? []);
  const crm = new RetailCrmApi(state, options);
  const server = await startStandInServer({
    ...(options.port ? { port: options.port } : {}),
    answer: (request) => crm.answer(request),
  });
  return { ...server, state };
}

type Handler = (request: StandInRequest, parameters: URLSearchParams, match: RegExpExecArray) => StandInAnswer;

interface Route {
  method: 'GET' | 'POST';
  path: RegExp;
  scope: string | null;
  handler: Handler;
}

class RetailCrmApi {
  readonly #state: RetailCrmAccount;
  readonly #keys: Record<string, string[] | null>;
  readonly #sites: string[];
  readonly #limits: { telephony: number; other: number };
  readonly #recent = new Map<string, number[]>();
  readonly #routes: Route[];

  constructor(state: RetailCrmAccount, options: RetailCrmStandInOptions) {
    this.#state = state;
    this.#keys = options.keys ?? { 'key-1': null };
    this.#sites = options.sites ?? ['shop-1'];
    this.#limits = { telephony: options.telephonyPerSecond ?? 40, other: options.otherPerSecond ?? 10 };
    this.#routes = [
      { method: 'GET', path: /^\/api\/credentials$/, scope: null, handler: this.#credentials.bind(this) },
      { method: 'GET', path: /^\/api\/api-versions$/, scope: null, handler: () => ok({ versions: ['5.0'] }) },
      { method: 'GET', path: /^\/api\/system-info$/, scope: null, handler: () => ok({ systemVersion: '8.0.0' }) },
      {
        method: 'POST',
        path: /^\/api\/v5\/telephony\/call\/event$/,
        scope: 'telephony_write',
        handler: this.#callEvent.bind(this),
      },
      {
        method: 'POST',
        path: /^\/api\/v5\/telephony\/calls\/upload$/,
        scope: 'telephony_write',
        handler: this.#upload.bind(this),
      },
      {
        method: 'GET',
        path: /^\/api\/v5\/telephony\/manager$/,
        scope: 'telephony_read',
        handler: this.#manager.bind(this),
      },
      {
        method: 'POST',
        path: /^\/api\/v5\/customers\/create$/,
        scope: 'customer_write',
        handler: this.#createCustomer.bind(this),
      },
      { method: 'GET', path: /^\/api\/v5\/users$/, scope: 'user_read', handler: this.#users.bind(this) },
      {
        method: 'POST',
        path: /^\/api\/v5\/integration-modules\/([^/]+)\/edit$/,
        scope: 'integration_write',
        handler: this.#editModule.bind(this),
      },
      {
        method: 'GET',
        path: /^\/api\/v5\/integration-modules\/([^/]+)$/,
        scope: 'integration_read',
        handler: this.#readModule.bind(this),
      },
    ];
  }

  answer(request: StandInRequest): StandInAnswer {
    if (!request.path.startsWith('/api/')) return webPage(404);
    const parameters = parametersOf(request);
    const key = request.headers['x-api-key'] ?? parameters.get('apiKey') ?? request.query.get('apiKey');
    if (!key) return refuse(400, '"apiKey" is missing.');
    const scopes = Object.hasOwn(this.#keys, key) ? this.#keys[key] : undefined;
    if (scopes === undefined) return refuse(403, 'Wrong "apiKey" value.');
    if (this.#overLimit(key, request)) return refuse(503, 'Service Temporarily Unavailable');

    const fitting = this.#routes.filter((route) => route.path.test(request.path));
    if (fitting.length === 0) return refuse(404, 'API method not found');
    const route = fitting.find((candidate) => candidate.method === request.method);
    if (!route) return refuse(405, 'Method Not Allowed');
    if (route.scope && scopes && !scopes.includes(route.scope)) return refuse(403, 'Access denied.');
    const match = route.path.exec(request.path);
    return match ? route.handler(request, parameters, match) : refuse(404, 'API method not found');
  }

  /** Counts over a sliding second, per key and kind of route. */
  #overLimit(key: string, request: StandInRequest): boolean {
    const kind = request.path.includes('/telephony') ? 'telephony' : 'other';
    const limit = this.#limits[kind];
    const recent = (this.#recent.get(`${key} ${kind}`) ?? []).filter((at) => at > request.at - 1000);
    const over = limit > 0 && recent.length >= limit;
    this.#recent.set(`${key} ${kind}`, over ? recent : [...recent, request.at]);
    return over;
  }

  #credentials(request: StandInRequest): StandInAnswer {
    const all = [
      'telephony_read',
      'telephony_write',
      'user_read',
      'customer_read',
      'customer_write',
      'integration_read',
      'integration_write',
    ];
    const key = request.headers['x-api-key'] ?? request.query.get('apiKey') ?? '';
    return ok({
      scopes: this.#keys[key] ?? all,
      credentials: [],
      siteAccess: 'access_full',
      sitesAvailable: this.#sites,
    });
  }

  #callEvent(request: StandInRequest, parameters: URLSearchParams): StandInAnswer {
    const event = read(parameters, 'event', callEvent);
    if ('refusal' in event) return event.refusal;
    const site = this.#unknownSite([event.value.site]);
    if (site) return site;
    const { notExistCodes, notExistUsers, effect } = this.#state.callEvent(event.value, request.at);
    return ok(
      {
        ...(notExistCodes.length > 0 ? { notExistCodes } : {}),
        ...(notExistUsers.length > 0 ? { notExistUsers } : {}),
      },
      effect,
    );
  }

  #upload(request: StandInRequest, parameters: URLSearchParams): StandInAnswer {
    const calls = read(parameters, 'calls', uploadedCall.array().min(1).max(50, 'No more than 50 calls at once.'));
    if ('refusal' in calls) return calls.refusal;
    const site = this.#unknownSite(calls.value.map((call) => call.site));
    if (site) return site;
    const { processed, duplicates, effect } = this.#state.upload(calls.value, request.at);
    return ok(
      { processedCallsCount: processed, ...(duplicates.length > 0 ? { duplicateCalls: duplicates } : {}) },
      effect,
    );
  }

  /** Not idempotent: the same again is a second client. */
  #createCustomer(_request: StandInRequest, parameters: URLSearchParams): StandInAnswer {
    const customer = read(parameters, 'customer', newCustomer);
    if ('refusal' in customer) return customer.refusal;
    const site = this.#unknownSite([parameters.get('site') ?? undefined]);
    if (site) return site;
    const { firstName = '', lastName, phones } = customer.value;
    this.#state.customers.push({ phone: phones[0]?.number ?? '', firstName, ...(lastName ? { lastName } : {}) });
    return ok({ id: this.#state.customers.length }, `client ${firstName} made`);
  }

  #manager(request: StandInRequest): StandInAnswer {
    const { query } = request;
    const phone = query.get('phone')?.replace(/\D/g, '');
    if (!phone) return refuse(400, "Parameter 'phone' is missing");
    for (const flag of ['details', 'ignoreStatus']) {
      if (query.has(flag) && !['0', '1'].includes(query.get(flag) ?? ''))
        return invalid({ [flag]: 'This value is not valid.' });
    }
    const customer = this.#state.customers.find((candidate) => candidate.phone.replace(/\D/g, '') === phone);
    const user = this.#state.users.find((candidate) => candidate.id === customer?.managerId);
    const code = user ? this.#state.codeOfUser(user) : undefined;
    const manager = user && {
      id: user.id,
      firstName: user.firstName,
      lastName: user.lastName ?? '',
      email: user.email ?? '',
      ...(code ? { code } : {}),
    };
    const person = {
      firstName: customer?.firstName ?? '',
      lastName: customer?.lastName ?? '',
      phones: [{ number: customer?.phone }],
    };
    return ok({
      ...(manager ? { manager } : {}),
      ...(customer && query.get('details') === '1' ? { customer: person } : {}),
    });
  }

  #users(request: StandInRequest): StandInAnswer {
    const limit = Number(request.query.get('limit') ?? '20');
    const page = Number(request.query.get('page') ?? '1');
    if (![20, 50, 100].includes(limit)) return invalid({ limit: 'The value you selected is not a valid choice.' });
    if (!Number.isInteger(page) || page < 1) return invalid({ page: 'This value should be 1 or more.' });
    const active = request.query.get('filter[active]');
    const found = this.#state.users.filter((user) => active === null || (user.active !== false) === (active === '1'));
    const users = found.slice((page - 1) * limit, page * limit).map((user) => ({
      id: user.id,
      active: user.active !== false,
      email: user.email ?? '',
      firstName: user.firstName,
      lastName: user.lastName ?? '',
      status: 'free',
      isManager: true,
    }));
    const totalPageCount = Math.max(1, Math.ceil(found.length / limit));
    return ok({ pagination: { limit, totalCount: found.length, currentPage: page, totalPageCount }, users });
  }

  #editModule(_request: StandInRequest, parameters: URLSearchParams, match: RegExpExecArray): StandInAnswer {
    const module = read(parameters, 'integrationModule', integrationModule);
    if ('refusal' in module) return module.refusal;
    if (module.value.code !== decodeURIComponent(match[1] ?? ''))
      return invalid({ code: 'This value should be the code of the address.' });
    this.#state.modules.set(module.value.code, module.value);
    const codes = module.value.integrations?.telephony?.additionalCodes ?? [];
    const missing = codes.map((row) => row.userId).filter((id) => !this.#state.users.some((user) => user.id === id));
    return ok(
      { info: missing.length > 0 ? { notExistUsersIds: missing } : [] },
      `module registered with ${codes.length} codes`,
    );
  }

  #readModule(_request: StandInRequest, _parameters: URLSearchParams, match: RegExpExecArray): StandInAnswer {
    const module = this.#state.modules.get(decodeURIComponent(match[1] ?? ''));
    return module ? ok({ integrationModule: module }) : refuse(404, 'Not found');
  }

  #unknownSite(sites: readonly (string | undefined)[]): StandInAnswer | null {
    const unknown = sites.some((site) => site !== undefined && !this.#sites.includes(site));
    return unknown ? invalid({ site: 'The value you selected is not a valid choice.' }) : null;
  }
}

function ok(body: Record<string, unknown>, effect?: string): StandInAnswer {
  return { status: 200, body: { success: true, ...body }, ...(effect ? { effect } : {}) };
}

function refuse(status: number, errorMsg: string, errors?: Record<string, string>): StandInAnswer {
  const details = errors ? ` ${JSON.stringify(errors)}` : '';
  return {
    status,
    body: { success: false, errorMsg, ...(errors ? { errors } : {}) },
    effect: `refused: ${errorMsg}${details}`,
  };
}

function invalid(errors: Record<string, string>): StandInAnswer {
  return refuse(400, 'Errors in the entity format', errors);
}

/** Fields of an urlencoded body. A body of any other kind has none, so its parameters are missing, as there. */
function parametersOf(request: StandInRequest): URLSearchParams {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return new URLSearchParams(
    request.method === 'POST' && type === 'application/x-www-form-urlencoded' ? request.body : '',
  );
}

function read<T>(
  parameters: URLSearchParams,
  name: string,
  schema: z.ZodType<T>,
): { value: T } | { refusal: StandInAnswer } {
  const text = parameters.get(name);
  if (text === null) return { refusal: refuse(400, `Parameter '${name}' is missing`) };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { refusal: invalid({ [name]: 'This value is not valid JSON.' }) };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  return {
    refusal: invalid(
      Object.fromEntries(parsed.error.issues.map((issue) => [issue.path.join('.') || name, issue.message])),
    ),
  };
}
