/** What the doctor has found, with its remedy. */
import { words } from './texts/field-text.js';
import type { Words } from './texts/field-text.js';

export interface Finding {
  /** `database`, `pbx`, `pbx.rights`, `pbx.clock`, `pbx.filter`, `crm <type>`, `mapping <type>`, `public-url` … */
  id: string;
  /** `unknown`: it cannot be asked, or not yet. */
  level: 'ok' | 'unknown' | 'warning' | 'error';
  found: Words;
  remedy: Words | null;
}

/** In whose words it was said is the same in both languages. */
export const same = (text: string) => words(text, text);
export const well = (id: string, found: Words): Finding => ({ id, level: 'ok', found, remedy: null });
export const unknown = (id: string, found: Words): Finding => ({ id, level: 'unknown', found, remedy: null });
export const warn = (id: string, found: Words, remedy: Words | null): Finding => ({
  id,
  level: 'warning',
  found,
  remedy,
});
export const bad = (id: string, found: Words, remedy: Words): Finding => ({ id, level: 'error', found, remedy });
