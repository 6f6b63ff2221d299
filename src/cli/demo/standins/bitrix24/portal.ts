/** What one portal holds: its users, its clients, the calls under way, what calls have left behind and who sees a card. */
import { createHash } from 'node:crypto';

export interface PortalUser {
  id: number;
  name: string;
  lastName?: string;
  inner?: string;
  active?: boolean;
}

export interface PortalClient {
  type: 'CONTACT' | 'LEAD' | 'COMPANY';
  id: number;
  phone: string;
  name: string;
  assignedTo: number;
}

/** A registered call that is not finished. */
export interface OpenCall {
  callId: string;
  app: string;
  userId: number;
  phone: string;
  type: number;
  line: string | null;
  externalId: string | null;
  /** Unix ms, as it was told. */
  startedAt: number;
  client: PortalClient | null;
  /** The number is a colleague's: a call inside the company, without a client. */
  internal: boolean;
}

/** A card on somebody's screen. */
export interface PortalCard {
  callId: string;
  externalId: string | null;
  userId: number;
  openedAt: number;
  closedAt: number | null;
}

/** A row of the statistics, with what of it is not told by the API. */
export interface StoredCall {
  id: number;
  callId: string;
  externalId: string | null;
  userId: number;
  phone: string;
  type: number;
  line: string | null;
  startedAt: number;
  duration: number;
  code: string;
  reason: string;
  client: PortalClient | null;
  activityId: number;
  recordUrl: string | null;
  fileId: number | null;
  addToChat: boolean;
}

/** How long a repeated registration is known again, by the start it was told. */
const DEDUP_MS = 30 * 60_000;

export class Bitrix24Portal {
  readonly users: PortalUser[];
  readonly clients: PortalClient[];
  /** Registered and not finished. */
  readonly open: OpenCall[] = [];
  /** The history a person sees. */
  readonly calls: StoredCall[] = [];
  /** Every card ever shown, in order. */
  readonly cards: PortalCard[] = [];
  /** External lines by number. */
  readonly lines = new Set<string>();
  /** Where events of the application go. */
  readonly handlers: { event: string; handler: string }[] = [];
  readonly #now: () => number;
  #ids = 0;

  constructor(users: PortalUser[], clients: PortalClient[], now: () => number) {
    this.users = users.map((user) => ({ ...user }));
    this.clients = clients.map((client) => ({ ...client }));
    this.#now = now;
  }

  openCards(): PortalCard[] {
    return this.cards.filter((card) => card.closedAt === null);
  }

  userOf(id: number | null, inner: string | null): PortalUser | null {
    const found = this.users.find((user) => (id === null ? user.inner === inner : user.id === id));
    return found && found.active !== false ? found : null;
  }

  clientsOf(phone: string): PortalClient[] {
    const order = ['CONTACT', 'LEAD', 'COMPANY'];
    return this.clients
      .filter((client) => digits(client.phone) === digits(phone))
      .sort((one, other) => order.indexOf(one.type) - order.indexOf(other.type));
  }

  /** The same call again when all that it was told by is the same, within 30 minutes of its start, while it is not finished. */
  register(
    wanted: Omit<OpenCall, 'callId' | 'client' | 'internal'>,
    createLead: boolean,
  ): { call: OpenCall; lead: number | null } {
    const known = this.open.find(
      (call) =>
        call.app === wanted.app &&
        call.phone === wanted.phone &&
        call.type === wanted.type &&
        call.userId === wanted.userId &&
        (wanted.line === null || call.line === wanted.line) &&
        (wanted.externalId === null || call.externalId === wanted.externalId) &&
        call.startedAt > this.#now() - DEDUP_MS,
    );
    if (known) return { call: known, lead: null };
    const internal = this.users.some((user) => user.inner === wanted.phone);
    let client = internal ? null : (this.clientsOf(wanted.phone)[0] ?? null);
    let lead: number | null = null;
    if (createLead && !internal && client === null) {
      lead = 1000 + (this.#ids += 1);
      client = { type: 'LEAD', id: lead, phone: wanted.phone, name: wanted.phone, assignedTo: wanted.userId };
      this.clients.push(client);
    }
    const call: OpenCall = { ...wanted, callId: this.#callId(), client, internal };
    this.open.push(call);
    return { call, lead };
  }

  find(callId: string): OpenCall | null {
    return this.open.find((call) => call.callId === callId) ?? null;
  }

  stored(callId: string): StoredCall | null {
    return this.calls.find((call) => call.callId === callId) ?? null;
  }

  show(call: OpenCall, users: readonly number[]): void {
    for (const userId of users) {
      if (this.openCards().some((card) => card.callId === call.callId && card.userId === userId)) continue;
      const { callId, externalId } = call;
      this.cards.push({ callId, externalId, userId, openedAt: Date.now(), closedAt: null });
    }
  }

  hide(callId: string, users: readonly number[]): void {
    for (const card of this.openCards())
      if (card.callId === callId && users.includes(card.userId)) card.closedAt = Date.now();
  }

  /** Writes the call into the history and forgets it; the card of whose it is closes, and nobody can close another any more. */
  finish(call: OpenCall, how: Pick<StoredCall, 'userId' | 'duration' | 'code' | 'reason' | 'addToChat'>): StoredCall {
    const { callId, externalId, phone, type, line, startedAt, client } = call;
    const id = this.calls.length + 1;
    const row: StoredCall = {
      id,
      callId,
      externalId,
      phone,
      type,
      line,
      startedAt,
      client,
      ...how,
      activityId: 7000 + id,
      recordUrl: null,
      fileId: null,
    };
    this.calls.push(row);
    this.open.splice(this.open.indexOf(call), 1);
    this.hide(callId, [how.userId]);
    // Of what the call itself has made in the CRM.
    if (client && client.id > 1000) client.assignedTo = how.userId;
    return row;
  }

  #callId(): string {
    this.#ids += 1;
    const hash = createHash('md5').update(`${this.#ids} ${this.#now()}`).digest('hex');
    return `externalCall.${hash}.${Math.floor(this.#now() / 1000)}`;
  }
}

function digits(phone: string): string {
  return phone.replace(/\D/g, '');
}
