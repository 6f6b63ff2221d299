/** What went wrong between the page and the server, in words for a person. */
import { TRPCClientError } from '@trpc/client';
import type { Messages } from '../i18n/ru.js';

export interface ServerFault {
  /** tRPC's own: `UNAUTHORIZED`, `FORBIDDEN`, `CONFLICT` … */
  code: string;
  /** Of the catalogue (docs/errors.md), when it is one of those. */
  trunkline: string | null;
  /** Faults of the input by place. */
  fields: readonly { path: string; message: string }[];
  message: string;
}

/** Null: the server was not reached, or what answered is not our server. */
export function faultOf(error: unknown): ServerFault | null {
  if (!(error instanceof TRPCClientError)) return null;
  const data = error.data as { code?: string; trunkline?: string | null; fields?: ServerFault['fields'] | null } | null;
  if (!data?.code) return null;
  return { code: data.code, trunkline: data.trunkline ?? null, fields: data.fields ?? [], message: error.message };
}

export function isUnreachable(error: unknown): boolean {
  return faultOf(error) === null;
}

export function isUnauthorized(error: unknown): boolean {
  return faultOf(error)?.code === 'UNAUTHORIZED';
}

export function errorText(error: unknown, t: Messages): string {
  const fault = faultOf(error);
  if (fault === null) return t.errors.unreachable;
  const known = fault.trunkline !== null ? t.errors.byCode[fault.trunkline] : undefined;
  if (known !== undefined) return known;
  switch (fault.code) {
    case 'UNAUTHORIZED':
      return t.errors.unauthorized;
    case 'FORBIDDEN':
      return t.errors.forbidden;
    case 'NOT_FOUND':
      return t.errors.notFound;
    case 'INTERNAL_SERVER_ERROR':
      return t.errors.internal;
    case 'TOO_MANY_REQUESTS':
      return t.errors.tooMany;
    default:
      return t.said(fault.message);
  }
}
