import { describe, expect, it } from 'vitest';
import { fromKept, toKept } from '../../src/calls/kept-notes.js';
import type { Note } from '../../src/calls/rules.js';

const note = (rule: Note['rule'], more: Partial<Note> = {}): Note => ({
  ...{ call: 'c', rule, at: 1_000, arrivedAt: 1_500, by: 'start', uid: '1.1', detail: {} },
  ...more,
});

describe('notes of a call', () => {
  it('say their time and channel only where the one before had others, and are read as they were', () => {
    const notes = [
      note('opened', { detail: { uid: '1.1' } }),
      note('claimed'),
      note('joined', { at: 2_000, arrivedAt: 2_500, by: 'bridge', uid: '1.2' }),
      note('talk', { at: 2_000, arrivedAt: 2_500, by: 'bridge', uid: '1.1' }),
      note('talk-over', { at: 1_000, arrivedAt: 3_000, by: 'bridge_leave', uid: '1.1' }),
      note('owed', { at: 1_000, arrivedAt: 3_000, by: 'call.finished', uid: '' }),
    ];
    const kept = toKept(notes);
    expect(kept[1]).toEqual({ rule: 'claimed', by: 'start', detail: {} });
    expect(kept[3]).toEqual({ rule: 'talk', by: 'bridge', detail: {}, uid: '1.1' });
    expect(fromKept('c', JSON.parse(JSON.stringify(kept)) as typeof kept)).toEqual(notes);
  });

  it('are read from rows in which each says everything', () => {
    const notes = [note('opened'), note('claimed', { at: 0, uid: '' }), note('owed', { at: 0, uid: '' })];
    const whole = notes.map(({ call: _, ...kept }) => kept);
    expect(fromKept('c', whole)).toEqual(notes);
  });
});
