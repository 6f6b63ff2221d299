import { describe, expect, it } from 'vitest';
import { EventMask } from '../../src/ami/event-mask.js';
import { messageOf } from '../../src/ami/message.js';

const event = (name: string, more: Record<string, string> = {}) =>
  messageOf(['Event', ...Object.keys(more)], [name, ...Object.values(more)]);
const varSet = (Variable: string) => event('VarSet', { Variable });
const NARROW = 'system,call,user,agent,cdr';

describe('the event mask', () => {
  it('is what was set, whatever comes', () => {
    const mask = new EventMask('call,user');
    for (let n = 0; n < 1_000; n += 1) expect(mask.saw(varSet('DIALSTATUS'))).toBe(false);
    expect(mask.current()).toBe('call,user');
  });

  it('gives the dialplan up, once, where it says nothing', () => {
    const mask = new EventMask('auto');
    expect(mask.current()).toBe(`${NARROW},dialplan`);
    const changes = Array.from({ length: 500 }, (_, n) => mask.saw(n % 2 ? varSet('DIALSTATUS') : event('Newexten')));
    expect(changes.filter(Boolean)).toHaveLength(1);
    expect(mask.current()).toBe(NARROW);
  });

  it('keeps it where the fleet speaks through it, or a filter lets only what is read through', () => {
    const fleet = new EventMask('auto');
    for (const name of ['DIALSTATUS', 'LisAMI_EventData']) fleet.saw(varSet(name));
    for (let n = 0; n < 1_000; n += 1) expect(fleet.saw(varSet('DIALSTATUS'))).toBe(false);
    const filtered = new EventMask('auto');
    for (let n = 0; n < 1_000; n += 1) expect(filtered.saw(varSet('MIXMONITOR_FILENAME'))).toBe(false);
    expect([fleet.current(), filtered.current()]).toEqual([`${NARROW},dialplan`, `${NARROW},dialplan`]);
  });
});
