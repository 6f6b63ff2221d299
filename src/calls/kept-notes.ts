/**
 * Notes as the database has them: those that one fold made of a call are one row, and a note of it says its time and channel only where
 * the one before it had others. A dozen notes of half a dozen facts are half as long, and half as long to write.
 */
import type { Note } from './rules.js';

export type KeptNote = Pick<Note, 'rule' | 'by' | 'detail'> & Partial<Pick<Note, 'at' | 'arrivedAt' | 'uid'>>;

/** Notes of one call, in order. */
export function toKept(notes: readonly Note[]): KeptNote[] {
  let last: Note | null = null;
  return notes.map((note) => {
    const { rule, by, detail, at, arrivedAt, uid } = note;
    const kept: KeptNote = { rule, by, detail };
    if (at !== last?.at) kept.at = at;
    if (arrivedAt !== last?.arrivedAt) kept.arrivedAt = arrivedAt;
    if (uid !== last?.uid) kept.uid = uid;
    last = note;
    return kept;
  });
}

/** The notes of one row. Also of rows that older versions wrote, where each note says everything. */
export function fromKept(call: string, kept: readonly KeptNote[]): Note[] {
  let last = { at: 0, arrivedAt: 0, uid: '' };
  return kept.map(({ rule, by, detail, ...own }) => {
    last = { ...last, ...own };
    return { call, rule, by, detail, ...last };
  });
}
