import { expect, it } from 'vitest';
import { isLoopback } from '../../src/platform/ip-ranges.js';

it.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.8.9.10', '::1', '[::1]', '::ffff:127.0.0.1'])(
  '%s is this machine',
  (host) => expect(isLoopback(host)).toBe(true),
);

it.each(['', 'localhost.example', '10.0.0.1', '128.0.0.1', '127.0.0.1.example', '127.1', '::2', '[::1', '0.0.0.0'])(
  '"%s" is not',
  (host) => expect(isLoopback(host)).toBe(false),
);
