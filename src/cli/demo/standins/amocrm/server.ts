/**
 * amoCRM as far as telephony goes, strict: it refuses what the real one refuses (who is too fast first, then who is nobody,
 * then path and method, then data), takes arrays only, says 204 where nothing is found, takes equal `uniq`s as two calls, and
 * keeps what a manager would see.
 */
import type { z } from 'zod';
import { startStandInServer, webPage } from '../server.js';
import type { StandInAnswer, StandInRequest, StandInServer } from '../server.js';
import { AmoCrmAccount } from './account.js';
import type { CardKind, StandInCard, StandInLead, StandInNote, StandInUser } from './account.js';
import { callItem, contactItem, grant, leadItem, noteChange, noteItem, phoneEvent, unsortedSip } from './schemas.js';
import { Tokens } from './tokens.js';
import type { Integration, Rights } from './tokens.js';

export interface AmoCrmStandInOptions {
  /** 0 or absent: a free one. */
  port?: number;
  /** Long-lived tokens and what each may do. Default: `token-1`, everything. */
  tokens?: Record<string, Rights>;
  integration?: Partial<Integration>;
  /** Life of access tokens from an exchange; default a day. */
  accessLifeMs?: number;
  users?: StandInUser[];
  unsortedOn?: boolean;
  /** Requests in any second; default 7, 0 is no limit. */
  perSecond?: number;
  /** Seconds a 429 asks for. */
  retryAfter?: number;
  /** So many 429s in a minute block whoever goes on. */
  blockAfter?: number;
}

export interface AmoCrmStandIn extends StandInServer {
  state: AmoCrmAccount;
  tokens: Tokens;
  /** Times it answered 429, and 403 to who went on. */
  refused(): { busy: number; blocked: number };
}

const DEFAULT_USERS: StandInUser[] = [
  { id: 11, name: 'Ann Testova', email: 'ann@example.invalid' },
  { id: 12, name: 'Boris Testov', email: 'boris@example.invalid' },
  { id: 13, name: 'Vera Testova', email: 'vera@example.invalid' },
];

export const INTEGRATION: Integration = {
  clientId: '00000000-0000-4000-8000-00000000c11e',
  clientSecret: 'client-secret-of-the-integration',
  redirectUri: 'https://pbx.example.invalid/oauth/amocrm/callback',
};

export async function startAmoCrmStandIn(options: AmoCrmStandInOptions = {}): Promise<AmoCrmStandIn> {
  const state = new AmoCrmAccount(options.users ?? DEFAULT_USERS);
  const tokens = new Tokens(
    options.tokens ?? { 'token-1': {} },
    { ...INTEGRATION, ...options.integration },
    options.accessLifeMs ?? 24 * 3_600_000,
  );
  const crm = new AmoCrmApi(state, tokens, options);
  const server = await startStandInServer({
    ...(options.port ? { port: options.port } : {}),
    answer: (request) => crm.answer(request),
  });
  return { ...server, state, tokens, refused: () => ({ ...crm.refused }) };
}

type Handler = (request: StandInRequest, match: RegExpExecArray) => StandInAnswer;

interface Route {
  method: 'GET' | 'POST' | 'PATCH';
  path: RegExp;
  /** The kind of card whose right it needs. */
  right?: string;
  handler: Handler;
}

const MINUTE_MS = 60_000;
const MOST = 250;

class AmoCrmApi {
  readonly refused = { busy: 0, blocked: 0 };
  readonly #state: AmoCrmAccount;
  readonly #tokens: Tokens;
  readonly #options: AmoCrmStandInOptions;
  readonly #routes: Route[];
  #recent: number[] = [];
  #refusedAt: number[] = [];

  constructor(state: AmoCrmAccount, tokens: Tokens, options: AmoCrmStandInOptions) {
    this.#state = state;
    this.#tokens = tokens;
    this.#options = options;
    const route = (method: Route['method'], path: RegExp, handler: Handler, right?: string): Route => ({
      method,
      path,
      handler: handler.bind(this),
      ...(right ? { right } : {}),
    });
    this.#routes = [
      route('GET', /^\/api\/v4\/account$/, this.#account),
      route('GET', /^\/api\/v4\/users$/, this.#users, 'users'),
      route('GET', /^\/api\/v4\/(contacts|companies)$/, this.#cards, '$1'),
      route('GET', /^\/api\/v4\/leads$/, this.#leads, 'leads'),
      route('GET', /^\/api\/v4\/(contacts|companies)\/(\d+)$/, this.#card, '$1'),
      route('GET', /^\/api\/v4\/leads\/(\d+)$/, this.#lead, 'leads'),
      route('GET', /^\/api\/v4\/(contacts|companies|leads|customers)\/(\d+)\/notes$/, this.#notes, '$1'),
      route('POST', /^\/api\/v4\/(contacts|companies|leads|customers)\/(\d+)\/notes$/, this.#addNotes, '$1'),
      route('PATCH', /^\/api\/v4\/(contacts|companies|leads|customers)\/notes\/(\d+)$/, this.#changeNote, '$1'),
      route('POST', /^\/api\/v4\/calls$/, this.#addCalls),
      route('POST', /^\/api\/v4\/contacts$/, this.#addContacts, 'contacts'),
      route('POST', /^\/api\/v4\/leads$/, this.#addLeads, 'leads'),
      route('GET', /^\/api\/v4\/leads\/unsorted$/, this.#unsorted, 'leads'),
      route('POST', /^\/api\/v4\/leads\/unsorted\/sip$/, this.#addUnsorted, 'leads'),
      route('POST', /^\/api\/v2\/events\/?$/, this.#events),
    ];
  }

  answer(request: StandInRequest): StandInAnswer {
    const tooFast = this.#tooFast(request.at);
    if (tooFast) return tooFast;
    if (request.path === '/oauth2/access_token') return this.#grant(request);
    if (!request.path.startsWith('/api/')) return webPage(404);
    const token = /^Bearer (.+)$/.exec(request.headers['authorization'] ?? '')?.[1] ?? '';
    const rights = this.#tokens.rightsOf(token, request.at);
    if (!rights) return problem(401, 'Unauthorized', 'Invalid user name or password');

    const fitting = this.#routes.filter((route) => route.path.test(request.path));
    if (fitting.length === 0)
      return problem(404, 'Not Found', `Cannot ${request.method} https://account${request.path}`);
    const route = fitting.find((candidate) => candidate.method === request.method);
    if (!route) return problem(405, 'Method Not Allowed', 'Method Not Allowed');
    const match = route.path.exec(request.path) as RegExpExecArray;
    const right = route.right === '$1' ? (match[1] ?? '') : (route.right ?? '');
    if (rights.forbidden?.includes(right) || (right === 'users' && rights.admin === false))
      return problem(403, 'Forbidden', 'Access denied');
    return route.handler(request, match);
  }

  /** A sliding second; whoever goes on after being told is shut out with a page of nginx. */
  #tooFast(at: number): StandInAnswer | null {
    const { perSecond = 7, retryAfter = 1, blockAfter = 10 } = this.#options;
    this.#refusedAt = this.#refusedAt.filter((then) => then > at - MINUTE_MS);
    if (this.#refusedAt.length >= blockAfter) {
      this.refused.blocked += 1;
      return webPage(403);
    }
    this.#recent = this.#recent.filter((then) => then > at - 1_000);
    if (perSecond === 0 || this.#recent.length < perSecond) {
      this.#recent.push(at);
      return null;
    }
    this.#refusedAt.push(at);
    this.refused.busy += 1;
    const detail = 'You have sent too many requests in a given amount of time. Please try again later.';
    return problem(429, 'Too Many Requests', detail, { retry_after: retryAfter });
  }

  #grant(request: StandInRequest): StandInAnswer {
    if (request.method !== 'POST') return problem(405, 'Method Not Allowed', 'Method Not Allowed');
    const parsed = grant.safeParse(jsonOf(request.body));
    if (!parsed.success) return problem(400, 'Bad Request', 'The request is missing a required parameter');
    const given = this.#tokens.exchange(parsed.data, request.at);
    if ('hint' in given)
      return problem(given.status, 'Authorization failed', 'Authorization failed', { hint: given.hint });
    const expires_in = Math.floor((this.#options.accessLifeMs ?? 24 * 3_600_000) / 1_000);
    const effect = 'a new pair of tokens';
    return { status: 200, body: { token_type: 'Bearer', expires_in, ...given }, effect };
  }

  #account(): StandInAnswer {
    const is_unsorted_on = this.#options.unsortedOn !== false;
    return hal({ id: 333, name: 'Example', subdomain: 'example', current_user_id: 11, country: 'RU', is_unsorted_on });
  }

  #users(request: StandInRequest): StandInAnswer {
    const users = this.#state.users.map(({ id, name, email, active }) => ({
      id,
      name,
      email: email ?? '',
      lang: 'ru',
      rights: { is_admin: false, is_free: false, is_active: active !== false, group_id: null, role_id: null },
    }));
    return list(request, 'users', users, true);
  }

  #cards(request: StandInRequest, match: RegExpExecArray): StandInAnswer {
    const kind = match[1] as 'contacts' | 'companies';
    const query = request.query.get('query');
    // Every filled field, as it was written.
    const has = (card: StandInCard) => [card.name, ...card.phones].some((text) => digits(text).includes(query ?? ''));
    const found = this.#state[kind].filter((card) => !card.hidden && !card.deleted && (query === null || has(card)));
    return list(
      request,
      kind,
      found.map((card) => this.#shown(kind, card, request)),
    );
  }

  #card(request: StandInRequest, match: RegExpExecArray): StandInAnswer {
    const kind = match[1] as 'contacts' | 'companies';
    const card = this.#state[kind].find((one) => one.id === Number(match[2]) && !one.deleted);
    return card ? hal(this.#shown(kind, card, request)) : NOTHING;
  }

  #shown(kind: 'contacts' | 'companies', card: StandInCard, { query }: StandInRequest): Record<string, unknown> {
    const wanted = (query.get('with') ?? '').split(',');
    const field = {
      field_id: 501,
      field_name: 'Phone',
      field_code: 'PHONE',
      field_type: 'multitext',
      values: card.phones.map((value) => ({ value, enum_id: 1, enum_code: 'WORK' })),
    };
    const leads = this.#state.leadsOf(kind, card.id).map(({ id }) => ({ id }));
    const customers = this.#state.customers.filter(({ contactIds }) => contactIds.includes(card.id));
    return {
      id: card.id,
      name: card.name,
      responsible_user_id: card.responsibleUserId,
      created_at: card.createdAt,
      updated_at: card.updatedAt,
      is_deleted: card.deleted,
      account_id: 333,
      custom_fields_values: card.phones.length > 0 ? [field] : null,
      _embedded: {
        tags: [],
        companies: [],
        ...(wanted.includes('leads') ? { leads } : {}),
        ...(wanted.includes('customers') ? { customers: customers.map(({ id }) => ({ id })) } : {}),
      },
    };
  }

  #leads(request: StandInRequest): StandInAnswer {
    return list(request, 'leads', this.#state.leads.filter((lead) => !lead.hidden).map(shownLead));
  }

  #lead(_request: StandInRequest, match: RegExpExecArray): StandInAnswer {
    const lead = this.#state.leads.find(({ id }) => id === Number(match[1]));
    return lead ? hal(shownLead(lead)) : NOTHING;
  }

  #notes(request: StandInRequest, match: RegExpExecArray): StandInAnswer {
    const types = request.query.getAll('filter[note_type][]');
    const notes = this.#state.notes.filter(
      (note) =>
        note.kind === match[1] &&
        note.entityId === Number(match[2]) &&
        (types.length === 0 || types.includes(note.noteType)),
    );
    return list(request, 'notes', notes.map(shownNote));
  }

  #addNotes(request: StandInRequest, match: RegExpExecArray): StandInAnswer {
    const kind = match[1] as CardKind;
    const entityId = Number(match[2]);
    const known =
      kind === 'contacts' || kind === 'companies'
        ? this.#state[kind].some((card) => card.id === entityId && !card.deleted)
        : true;
    if (!known) return problem(404, 'Not Found', 'Not Found');
    return this.#add(request, noteItem, 'notes', (note) => {
      const added = this.#state.addNote(kind, entityId, note, Math.floor(request.at / 1_000));
      return { body: { id: added.id, entity_id: entityId }, effect: `call ${note.params.uniq} noted on a card` };
    });
  }

  #changeNote(request: StandInRequest, match: RegExpExecArray): StandInAnswer {
    const note = this.#state.notes.find(({ kind, id }) => kind === match[1] && id === Number(match[2]));
    if (!note) return problem(404, 'Not Found', 'Not Found');
    const change = noteChange.safeParse(jsonOf(request.body));
    if (!change.success) return invalid('0', issuesOf(change.error));
    const { entity_id, note_type, params } = change.data;
    if (note_type !== note.noteType || entity_id !== note.entityId) {
      const path = note_type === note.noteType ? 'entity_id' : 'note_type';
      return invalid('0', [{ path, detail: 'The value you selected is not a valid choice.' }]);
    }
    note.params = params;
    const body = { id: note.id, entity_id, updated_at: Math.floor(request.at / 1_000) };
    return {
      ...hal(body),
      effect: `call ${params.uniq} changed on a card, ${params.link ? 'with' : 'without'} a recording`,
    };
  }

  #addContacts(request: StandInRequest): StandInAnswer {
    return this.#add(request, contactItem, 'contacts', (item) => {
      const { id, name } = this.#state.addContact(item, Math.floor(request.at / 1_000));
      return { body: { id }, effect: `contact ${name} made` };
    });
  }

  #addLeads(request: StandInRequest): StandInAnswer {
    return this.#add(request, leadItem, 'leads', (item) => {
      const { id, name } = this.#state.addLead(item);
      return { body: { id }, effect: `lead “${name}” made` };
    });
  }

  #addCalls(request: StandInRequest): StandInAnswer {
    const items = this.#items(request, callItem);
    if ('refusal' in items) return items.refusal;
    const calls: object[] = [];
    const errors: object[] = [];
    const effects: string[] = [];
    for (const call of items.value) {
      const { request_id } = call;
      const place = this.#state.placeOf(call.phone);
      if (!place) {
        const title = 'Entity not found';
        errors.push({ title, type: 'https://httpstatus.es/404', status: 404, detail: title, request_id });
        effects.push(`${call.phone} is nobody here`);
        continue;
      }
      const note = this.#state.addCall(call, place, Math.floor(request.at / 1_000));
      const href = `https://account/api/v4/${place.kind}/${place.id}`;
      const entity = { id: place.id, _links: { self: { href } } };
      calls.push({
        id: note.id,
        entity_id: place.id,
        entity_type: place.kind.replace(/s$/, '').replace(/ie$/, 'y'),
        account_id: 333,
        request_id,
        _embedded: { entity },
      });
      const who = this.#state.users.find(({ id }) => id === call.call_responsible)?.name ?? call.call_responsible;
      effects.push(
        `${call.direction} call of ${call.phone} in history of ${place.kind}: status ${call.call_status ?? 'none'}, ${call.duration} s${who === undefined ? '' : `, ${who}`}`,
      );
    }
    const body = { _total_items: calls.length, errors, _embedded: { calls } };
    const effect = effects.join('; ');
    if (calls.length > 0) return { ...hal(body), effect };
    return { status: 400, body: { _total_items: 0, errors }, contentType: PROBLEM, effect };
  }

  #unsorted(request: StandInRequest): StandInAnswer {
    const categories = request.query.getAll('filter[category][]');
    const entries = categories.length > 0 && !categories.includes('sip') ? [] : this.#state.unsorted;
    return list(
      request,
      'unsorted',
      entries.map(({ uid, metadata, contactId, leadId }) => {
        const { is_call_event_needed: _never, ...shown } = metadata;
        const _embedded = { contacts: [{ id: contactId }], leads: [{ id: leadId }], companies: [] };
        return { uid, category: 'sip', metadata: shown, account_id: 333, _embedded };
      }),
    );
  }

  #addUnsorted(request: StandInRequest): StandInAnswer {
    if (this.#options.unsortedOn === false) return problem(403, 'Forbidden', 'Unsorted is turned off');
    const items = this.#items(request, unsortedSip);
    if ('refusal' in items) return items.refusal;
    const twice = items.value.some(({ metadata }) =>
      this.#state.unsorted.some((entry) => entry.metadata.uniq === metadata.uniq),
    );
    if (twice) return invalid('0', [{ path: 'metadata.uniq', detail: 'This value is already used.' }]);
    const unsorted = items.value.map((item) => {
      const { uid, contactId, leadId } = this.#state.addUnsorted(item, Math.floor(request.at / 1_000));
      const _embedded = { contacts: [{ id: contactId }], leads: [{ id: leadId }], companies: [] };
      return { uid, account_id: 333, request_id: item.request_id ?? '0', _embedded };
    });
    const effect = items.value.map(({ metadata }) => `call ${metadata.uniq} in “unsorted”`).join('; ');
    return { ...hal({ _total_items: unsorted.length, _embedded: { unsorted } }), effect };
  }

  #events(request: StandInRequest): StandInAnswer {
    const json = jsonOf(request.body) as { add?: unknown } | null;
    const parsed = phoneEvent.array().min(1).safeParse(json?.add);
    if (!parsed.success) return invalid('0', issuesOf(parsed.error));
    for (const event of parsed.data) this.#state.show(event, request.at);
    const effect = parsed.data
      .map(({ phone_number: phone, users }) => {
        const names = users?.map((id) => this.#state.users.find((user) => user.id === id)?.name ?? `user ${id}`);
        return `card of ${phone} shown to ${names?.join(', ') ?? 'everybody'}`;
      })
      .join('; ');
    return { status: 200, body: { _embedded: { items: [] } }, effect };
  }

  /** Adds a list of things, all or none. */
  #add<T extends { request_id?: string | number | undefined; responsible_user_id?: number | undefined }>(
    request: StandInRequest,
    schema: z.ZodType<T>,
    name: string,
    add: (item: T) => { body: Record<string, unknown>; effect: string },
  ): StandInAnswer {
    const items = this.#items(request, schema);
    if ('refusal' in items) return items.refusal;
    const added = items.value.map((item, index) => ({ ...add(item), request_id: String(item.request_id ?? index) }));
    const entries = added.map(({ body, request_id }) => ({ ...body, request_id }));
    return { ...hal({ _embedded: { [name]: entries } }), effect: added.map(({ effect }) => effect).join('; ') };
  }

  #items<T>(request: StandInRequest, schema: z.ZodType<T>): { value: T[] } | { refusal: StandInAnswer } {
    const json = jsonOf(request.body);
    if (!Array.isArray(json))
      return { refusal: invalid('0', [{ path: '', detail: 'This value should be of type array.' }]) };
    if (json.length === 0) return { refusal: problem(400, 'Bad Request', 'Request data can not be empty') };
    if (json.length > MOST) return { refusal: problem(422, 'Unprocessable Entity', `Limit ${MOST} per page`) };
    const value: T[] = [];
    for (const [index, raw] of json.entries()) {
      const item = schema.safeParse(raw);
      const { request_id: id, ...rest } = (raw ?? {}) as Record<string, unknown>;
      const name = String(id ?? index);
      if (!item.success) return { refusal: invalid(name, issuesOf(item.error)) };
      const strangers = ['responsible_user_id', 'created_by', 'updated_by', 'call_responsible'].filter(
        (field) => typeof rest[field] === 'number' && !this.#state.userIs(rest[field]),
      );
      if (strangers.length > 0)
        return {
          refusal: invalid(
            name,
            strangers.map((path) => ({ path, detail: 'The value you selected is not a valid choice.' })),
          ),
        };
      value.push(item.data);
    }
    return { value };
  }
}

const HAL = 'application/hal+json';
const PROBLEM = 'application/problem+json';
/** Nothing was found; there is no body. */
const NOTHING: StandInAnswer = { status: 204, body: '' };

function hal(body: Record<string, unknown>): StandInAnswer {
  return { status: 200, body, contentType: HAL };
}

function problem(status: number, title: string, detail: string, more: Record<string, unknown> = {}): StandInAnswer {
  const body = { title, type: `https://httpstatus.es/${status}`, status, detail, ...more };
  return { status, body, contentType: PROBLEM, effect: `refused: ${detail}` };
}

interface Issue {
  path: string;
  detail: string;
}

function invalid(requestId: string, issues: Issue[]): StandInAnswer {
  const errors = issues.map(({ path, detail }) => ({ code: 'NotSupportedChoice', path, detail }));
  const refused = problem(400, 'Bad Request', 'Request validation failed', {
    'validation-errors': [{ request_id: requestId, errors }],
  });
  return { ...refused, effect: `refused: ${issues.map(({ path, detail }) => `${path} ${detail}`).join('; ')}` };
}

function issuesOf(error: z.ZodError): Issue[] {
  return error.issues.map((issue) => {
    const path = [...issue.path, ...('keys' in issue ? (issue.keys as string[]) : [])].join('.');
    return { path, detail: issue.message };
  });
}

function list(request: StandInRequest, name: string, all: object[], counted = false): StandInAnswer {
  const limit = Number(request.query.get('limit') ?? '50');
  const page = Number(request.query.get('page') ?? '1');
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    return problem(422, 'Unprocessable Entity', `Limit ${MOST} per page`);
  const shown = all.slice((page - 1) * limit, page * limit);
  if (shown.length === 0) return NOTHING;
  const pages = Math.ceil(all.length / limit);
  const next = page < pages ? { next: { href: `https://account${request.path}?page=${page + 1}` } } : {};
  return hal({
    ...(counted ? { _total_items: all.length, _page_count: pages } : {}),
    _page: page,
    _links: { self: { href: `https://account${request.path}` }, ...next },
    _embedded: { [name]: shown },
  });
}

function shownLead(lead: StandInLead): Record<string, unknown> {
  return {
    id: lead.id,
    name: lead.name,
    responsible_user_id: lead.responsibleUserId,
    pipeline_id: lead.pipelineId,
    status_id: lead.statusId,
    closed_at: lead.closedAt,
    is_deleted: false,
    account_id: 333,
  };
}

function shownNote(note: StandInNote): Record<string, unknown> {
  return {
    id: note.id,
    entity_id: note.entityId,
    note_type: note.noteType,
    created_by: note.createdBy ?? 0,
    responsible_user_id: note.responsibleUserId,
    created_at: note.createdAt,
    params: note.params,
    account_id: 333,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** As it stands, without what stands between the digits of a number. */
function digits(text: string): string {
  return /\d/.test(text) ? text.replace(/[\s()+-]/g, '') : text;
}
