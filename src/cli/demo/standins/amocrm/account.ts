/** What one amoCRM account holds: its people, its clients' cards, and what calls have left on them. */
import { randomUUID } from 'node:crypto';
import type { CallItem, ContactItem, LeadItem, NoteItem, PhoneEvent, UnsortedSip } from './schemas.js';

export interface StandInUser {
  id: number;
  name: string;
  email?: string;
  active?: boolean;
}

export type CardKind = 'contacts' | 'companies' | 'leads' | 'customers';

/** A contact or a company. */
export interface StandInCard {
  id: number;
  name: string;
  /** As a manager wrote them. */
  phones: string[];
  responsibleUserId: number | null;
  createdAt: number;
  updatedAt: number;
  /** Of an “unsorted” call nobody has taken yet: no search finds it. */
  hidden: boolean;
  deleted: boolean;
}

export interface StandInLead {
  id: number;
  name: string;
  contactIds: number[];
  companyIds: number[];
  responsibleUserId: number | null;
  pipelineId: number;
  statusId: number;
  closedAt: number | null;
  hidden: boolean;
}

export interface StandInNote {
  id: number;
  kind: CardKind;
  entityId: number;
  noteType: 'call_in' | 'call_out';
  createdBy: number | null;
  responsibleUserId: number | null;
  createdAt: number;
  params: Record<string, unknown>;
}

export interface StandInUnsorted {
  uid: string;
  metadata: UnsortedSip['metadata'];
  contactId: number;
  leadId: number;
}

/** A pop-up as it was shown. */
export interface Notice {
  phone: string;
  users: number[];
  at: number;
}

const MAIN_PIPELINE = 3001;
const FIRST_STATUS = 9001;
const WON = 142;

export class AmoCrmAccount {
  readonly users: StandInUser[];
  readonly contacts: StandInCard[] = [];
  readonly companies: StandInCard[] = [];
  readonly leads: StandInLead[] = [];
  readonly customers: { id: number; contactIds: number[] }[] = [];
  /** Calls that became notes, the history a person sees. */
  readonly notes: StandInNote[] = [];
  readonly unsorted: StandInUnsorted[] = [];
  readonly notices: Notice[] = [];
  #lastId = 1_000;

  constructor(users: StandInUser[]) {
    this.users = users;
  }

  userIs(id: number): boolean {
    return this.users.some((user) => user.id === id && user.active !== false);
  }

  /** By a person's hand. */
  contact(fields: Partial<StandInCard> & { phones: string[] }): StandInCard {
    return this.#card(this.contacts, fields);
  }

  company(fields: Partial<StandInCard> & { phones: string[] }): StandInCard {
    return this.#card(this.companies, fields);
  }

  lead(fields: Partial<StandInLead>): StandInLead {
    const lead: StandInLead = {
      id: this.#nextId(),
      name: 'Lead',
      contactIds: [],
      companyIds: [],
      responsibleUserId: null,
      pipelineId: MAIN_PIPELINE,
      statusId: FIRST_STATUS,
      closedAt: null,
      hidden: false,
      ...fields,
    };
    this.leads.push(lead);
    return lead;
  }

  close(lead: StandInLead): void {
    Object.assign(lead, { statusId: WON, closedAt: Math.floor(Date.now() / 1_000) });
  }

  /** Somebody takes an “unsorted” call: its contact and lead become real. */
  accept(uid: string): void {
    const at = this.unsorted.findIndex((one) => one.uid === uid);
    const [entry] = at < 0 ? [] : this.unsorted.splice(at, 1);
    for (const card of [...this.contacts, ...this.leads])
      if (card.id === entry?.contactId || card.id === entry?.leadId) card.hidden = false;
  }

  /** Somebody does not want it: contact and lead go with it. */
  decline(uid: string): void {
    const at = this.unsorted.findIndex((one) => one.uid === uid);
    const [entry] = at < 0 ? [] : this.unsorted.splice(at, 1);
    for (const contact of this.contacts) if (contact.id === entry?.contactId) contact.deleted = true;
  }

  leadsOf(kind: 'contacts' | 'companies', id: number): StandInLead[] {
    return this.leads.filter((lead) => (kind === 'contacts' ? lead.contactIds : lead.companyIds).includes(id));
  }

  /** The only open lead, the only customer, else the card itself; null when the number is nobody's. */
  placeOf(phone: string): { kind: CardKind; id: number } | null {
    const tail = tailOf(phone);
    const has = (card: StandInCard) =>
      !card.hidden && !card.deleted && card.phones.some((number) => tailOf(number) === tail);
    const [contact, company] = [this.contacts.find(has), this.companies.find(has)];
    const kind = contact ? 'contacts' : 'companies';
    const id = (contact ?? company)?.id;
    if (id === undefined) return null;
    const open = this.leadsOf(kind, id).filter((lead) => lead.closedAt === null && !lead.hidden);
    const customers = this.customers.filter(({ contactIds }) => contact && contactIds.includes(contact.id));
    const [lead] = open;
    if (lead && open.length === 1 && customers.length === 0) return { kind: 'leads', id: lead.id };
    const [customer] = customers;
    if (customer && customers.length === 1 && open.length === 0) return { kind: 'customers', id: customer.id };
    return { kind, id };
  }

  /** Every call is a note of its own, whatever its `uniq`. */
  addCall(call: CallItem, place: { kind: CardKind; id: number }, at: number): StandInNote {
    const { uniq, duration, source, link, phone, call_status, call_result, call_responsible } = call;
    return this.#note({
      kind: place.kind,
      entityId: place.id,
      noteType: call.direction === 'inbound' ? 'call_in' : 'call_out',
      createdBy: call.created_by ?? null,
      responsibleUserId: call.responsible_user_id ?? null,
      createdAt: call.created_at ?? at,
      params: { uniq, duration, source, link, phone, call_status, call_result, call_responsible },
    });
  }

  addNote(kind: CardKind, entityId: number, note: NoteItem, at: number): StandInNote {
    return this.#note({
      kind,
      entityId,
      noteType: note.note_type,
      createdBy: note.created_by ?? null,
      responsibleUserId: note.responsible_user_id ?? null,
      createdAt: note.created_at ?? at,
      params: note.params,
    });
  }

  addContact(item: ContactItem, at: number): StandInCard {
    return this.contact({
      name: item.name ?? '',
      phones: phonesIn(item),
      responsibleUserId: item.responsible_user_id ?? null,
      createdAt: at,
      updatedAt: at,
    });
  }

  addLead(item: LeadItem): StandInLead {
    return this.lead({
      name: item.name ?? '',
      contactIds: (item._embedded?.contacts ?? []).map(({ id }) => id),
      responsibleUserId: item.responsible_user_id ?? null,
      pipelineId: item.pipeline_id ?? MAIN_PIPELINE,
      statusId: item.status_id ?? FIRST_STATUS,
    });
  }

  addUnsorted(item: UnsortedSip, at: number): StandInUnsorted {
    const [contact] = item._embedded?.contacts ?? [];
    const card = this.contact({ name: contact?.name ?? '', phones: phonesIn(contact ?? {}), hidden: true });
    const name = item._embedded?.leads?.[0]?.name ?? '';
    const lead = this.lead({
      name,
      contactIds: [card.id],
      hidden: true,
      pipelineId: item.pipeline_id ?? MAIN_PIPELINE,
    });
    const entry = { uid: randomUUID(), metadata: item.metadata, contactId: card.id, leadId: lead.id };
    this.unsorted.push(entry);
    const { uniq, duration, link, phone } = item.metadata;
    if (item.metadata.is_call_event_needed)
      this.#note({
        kind: 'leads',
        entityId: lead.id,
        noteType: 'call_in',
        createdBy: null,
        responsibleUserId: null,
        createdAt: at,
        params: { uniq, duration, link, phone, source: item.source_name },
      });
    return entry;
  }

  show(event: PhoneEvent, at: number): void {
    this.notices.push({ phone: event.phone_number, users: event.users ?? this.users.map(({ id }) => id), at });
  }

  #note(fields: Omit<StandInNote, 'id'>): StandInNote {
    const note = { id: this.#nextId(), ...fields };
    this.notes.push(note);
    return note;
  }

  #card(list: StandInCard[], fields: Partial<StandInCard> & { phones: string[] }): StandInCard {
    const now = Math.floor(Date.now() / 1_000);
    const card = {
      id: this.#nextId(),
      name: 'Client',
      responsibleUserId: null,
      createdAt: now,
      updatedAt: now,
      hidden: false,
      deleted: false,
      ...fields,
    };
    list.push(card);
    return card;
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

function tailOf(phone: string): string {
  return phone.replace(/\D/g, '').slice(-10);
}

function phonesIn({ custom_fields_values: fields }: Pick<ContactItem, 'custom_fields_values'>): string[] {
  return (fields ?? []).flatMap(({ field_code, values }) =>
    field_code === 'PHONE' ? values.map(({ value }) => value) : [],
  );
}
