/** What one RetailCRM account holds: its users and what calls have left behind. */
import type { CallEventBody, IntegrationModule, UploadedCall } from './schemas.js';

export interface StandInUser {
  id: number;
  firstName: string;
  lastName?: string;
  email?: string;
  active?: boolean;
  /** Extension the account knows for him before any module is registered. */
  code?: string;
}

export interface StandInCustomer {
  phone: string;
  managerId?: number;
  firstName?: string;
  lastName?: string;
}

/** A card on a manager's screen. */
export interface Card {
  code: string;
  phone: string;
  type: 'in' | 'out';
  callExternalId: string | null;
  openedAt: number;
  closedAt: number | null;
  hangupStatus: string | null;
}

export interface StoredCall extends UploadedCall {
  id: number;
  storedAt: number;
}

export class RetailCrmAccount {
  readonly users: StandInUser[];
  readonly customers: StandInCustomer[];
  /** Every card ever shown, in order. */
  readonly cards: Card[] = [];
  /** The history a person sees. */
  readonly calls: StoredCall[] = [];
  readonly modules = new Map<string, IntegrationModule>();
  /** Hang-ups for managers who had no card of that call: a sign that ours and theirs differ. */
  readonly strayHangups: { code: string; callExternalId: string | null }[] = [];

  constructor(users: StandInUser[], customers: StandInCustomer[]) {
    this.users = users;
    this.customers = customers;
  }

  openCards(): Card[] {
    return this.cards.filter((card) => card.closedAt === null);
  }

  /** A registered module's table replaces what the account knew. */
  userOfCode(code: string): StandInUser | undefined {
    const tables = [...this.modules.values()].flatMap(
      (module) => module.integrations?.telephony?.additionalCodes ?? [],
    );
    const entry = tables.find((row) => row.code === code);
    return this.users.find((user) => (tables.length > 0 ? user.id === entry?.userId : user.code === code));
  }

  codeOfUser(user: StandInUser): string | undefined {
    const tables = [...this.modules.values()].flatMap(
      (module) => module.integrations?.telephony?.additionalCodes ?? [],
    );
    return tables.length > 0 ? tables.find((row) => row.userId === user.id)?.code : user.code;
  }

  /** Shows or closes cards. A second `in` of one call to one manager changes nothing: he sees one window. */
  callEvent(event: CallEventBody, at: number): { notExistCodes: string[]; notExistUsers: number[]; effect: string } {
    const notExistCodes = (event.codes ?? []).filter((code) => !this.userOfCode(code));
    const notExistUsers = (event.userIds ?? []).filter((id) => !this.users.some((user) => user.id === id));
    const byId = (event.userIds ?? []).flatMap((id) =>
      this.users.filter((user) => user.id === id).map((user) => this.codeOfUser(user) ?? `user ${id}`),
    );
    const codes = [...new Set([...(event.codes ?? []).filter((code) => !notExistCodes.includes(code)), ...byId])];
    const callExternalId = event.callExternalId ?? null;
    for (const code of codes) {
      const open = this.openCards().find((card) => card.code === code && sameCall(card, event));
      if (event.type === 'hangup') {
        if (open) Object.assign(open, { closedAt: at, hangupStatus: event.hangupStatus ?? null });
        else this.strayHangups.push({ code, callExternalId });
      } else if (!open) {
        this.cards.push({
          code,
          phone: event.phone,
          type: event.type,
          callExternalId,
          openedAt: at,
          closedAt: null,
          hangupStatus: null,
        });
      }
    }
    const who = codes.join(', ') || 'nobody';
    const effect =
      event.type === 'hangup'
        ? `card closed for ${who}: ${event.hangupStatus}`
        : `card of ${event.phone} shown to ${who}`;
    return { notExistCodes, notExistUsers, effect };
  }

  /** Stores what is new; a known `externalId` is a duplicate and changes nothing. */
  upload(calls: readonly UploadedCall[], at: number): { processed: number; duplicates: string[]; effect: string } {
    const duplicates: string[] = [];
    for (const call of calls) {
      if (call.externalId !== undefined && this.calls.some((stored) => stored.externalId === call.externalId)) {
        duplicates.push(call.externalId);
      } else {
        this.calls.push({ ...call, id: this.calls.length + 1, storedAt: at });
      }
    }
    const effect = calls
      .map((call) =>
        duplicates.includes(call.externalId ?? '') ? `call ${call.externalId} is known already` : describe(call),
      )
      .join('; ');
    return { processed: calls.length - duplicates.length, duplicates, effect };
  }
}

function sameCall(card: Card, event: CallEventBody): boolean {
  return event.callExternalId === undefined ? card.phone === event.phone : card.callExternalId === event.callExternalId;
}

function describe(call: UploadedCall): string {
  const who = call.code ?? (call.userId === undefined ? 'nobody' : `user ${call.userId}`);
  return `${call.type} call of ${call.phone} with ${who} in history: ${call.result}, talk ${call.duration ?? 0} s, wait ${call.durationWaiting ?? 0} s`;
}
