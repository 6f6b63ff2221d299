/**
 * Long work of this process beside calls that go on now. While something live is told of, history has a fortieth of the time: after
 * each piece it rests 39 times as long as that took, and its transactions are short, so that whoever rings finds this process and the
 * database free; its CRM would not be told of it sooner anyway. While nothing is, it only lets others in between.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';

/** Whether something live was told of just now. */
export type IsBusy = () => boolean;

/** A card waits no longer than this for a piece of it, nor does what the database answers. */
const BREATH_MS = 1;
const REST = 39;
const MOST_REST_MS = 2_000;

/** Does the steps one after another, in pieces of about a millisecond. */
export async function inBreaths(steps: Iterator<unknown>, isBusy: IsBusy): Promise<void> {
  for (let began = performance.now(); !steps.next().done;) {
    const took = performance.now() - began;
    if (took < BREATH_MS) continue;
    await restAfter(took, isBusy);
    began = performance.now();
  }
}

/** After a piece of work that took so many ms. */
export async function restAfter(ms: number, isBusy: IsBusy): Promise<void> {
  if (isBusy()) await setTimeout(Math.min(MOST_REST_MS, REST * ms));
  else await setImmediate();
}
