/** Settings that do not parse, place by place, for a form. Messages never repeat a value. */
import type { z } from 'zod';

export interface FieldError {
  path: string;
  message: string;
}

export class FieldErrors extends Error {
  override readonly name = 'FieldErrors';
  readonly fields: readonly FieldError[];

  constructor(fields: readonly FieldError[]) {
    super(fields.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; '));
    this.fields = fields;
  }
}

export function fieldErrors(issues: readonly z.core.$ZodIssue[]): FieldErrors {
  return new FieldErrors(issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message })));
}
