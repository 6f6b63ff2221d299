/** This machine's clock was set: everything that is on it moves with it. */
import type { Work } from './tracker-work.js';
import { shiftDeadlines, shiftTimes } from './tracker-clocks.js';

/** Our clock was set by so much. The fact that says so comes before any that is dated by the new time. */
export function clockStepped(work: Work, by: number): void {
  const { link } = work.pages;
  if (link.skewMs !== null) link.skewMs -= by;
  if (link.pingSkewMs !== null) link.pingSkewMs -= by;
  if (link.lostAt !== null) link.lostAt += by;
  if (link.restartedAt !== null) link.restartedAt += by;
  if (link.shownAt !== null) link.shownAt += by;
  work.pages.clockStepped(by, work.now);
  for (const id of work.pages.all()) {
    const call = work.edit(id);
    if (!call) continue;
    if (call.skewMs === null) shiftTimes(call, by);
    shiftDeadlines(call, by);
  }
  for (const [i, arrivedAt] of work.arrivals.entries()) work.arrivals[i] = arrivedAt + by;
  for (const row of work.uids) if (row.endedAt !== null) row.endedAt += by;
}
