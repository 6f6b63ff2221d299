/** The line to a PBX is lost and comes up again, as the link tells it. */
import type { Fact, LiveChannel } from '../../src/calls/facts.js';

/** @param lostAt our clock when it was last heard; `upAt` when it is up again */
export function resync(
  lostAt: number,
  upAt: number,
  channels: readonly LiveChannel[],
  { restarted = false }: { restarted?: boolean } = {},
): Fact[] {
  const up = { source: 'ami' as const, at: upAt, arrivedAt: upAt, stamped: false };
  return [
    { ...up, at: lostAt, kind: 'link.lost' },
    { ...up, kind: 'link.up', lostAt, restarted },
    { ...up, kind: 'snapshot', channels: [...channels] },
  ];
}
