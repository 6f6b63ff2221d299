import { expect, it } from 'vitest';
import { smartRedirectOfFleet } from '../../src/config/fleet-smart.js';

const line = (more: object = {}) => ({
  enabled: true,
  do_routing: true,
  algorithm: 'retailcrm',
  send_line_name: true,
  send_customer_name: true,
  send_shop_name: true,
  line_name_order: 2,
  customer_name_order: 1,
  shop_name_order: 3,
  ...more,
});
const read = (lines: object, more: object = {}) =>
  smartRedirectOfFleet({ mode: 'routing+name', primary: 'retailcrm', lines, ...more });
const rule = { mode: 'owner', otherwise: 'last', order: ['retailcrm'], shows: ['customer', 'line'] };

it('reads lines of either kind, and leaves all others alone', () => {
  expect(read({ 'gsm:0001363': line(), 'sip:3880001': line(), 'gsm:0001364': line({ enabled: false }) })).toMatchObject(
    {
      mode: 'owner',
      lines: { '*': false, '0001363': rule, '3880001': rule },
    },
  );
});

it.each([
  [{ algorithm: 'first_call' }, {}, { ...rule, mode: 'first' }],
  [{ algorithm: 'last_call' }, {}, { ...rule, mode: 'last' }],
  [{ algorithm: 'uon' }, {}, { ...rule, order: ['uon', 'retailcrm'] }],
  [{ algorithm: null }, { primary: null }, { ...rule, order: [] }],
  [{ do_routing: false }, {}, { ...rule, mode: 'name' }],
  [{}, { mode: 'name-only' }, { ...rule, mode: 'name' }],
  [{ line_name_order: 1, customer_name_order: '2' }, {}, { ...rule, shows: ['line', 'customer'] }],
  [{ send_customer_name: false }, {}, { ...rule, shows: ['line'] }],
  [{ send_customer_name: false, send_line_name: 'yes' }, {}, { ...rule, shows: [] }],
])('a line with %j and settings with %j', (more, around, wanted) => {
  expect(read({ 'gsm:1': line(more) }, around)?.lines['1']).toEqual(wanted);
});

it('off is off, and what was never said is what it did', () => {
  expect(read({ 'gsm:1': line() }, { mode: 'off' })?.mode).toBe('off');
  expect(smartRedirectOfFleet({ lines: { 'gsm:1': line() } })).toMatchObject({
    mode: 'owner',
    lines: { '1': { mode: 'owner' } },
  });
});

it.each([undefined, null, 'text', 7, []])('nothing is read of %j', (value) => {
  expect(smartRedirectOfFleet(value)).toBeNull();
});
