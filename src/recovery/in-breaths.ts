/** Long work of this process beside calls that ring now. */
import { setImmediate } from 'node:timers/promises';

/** A card waits no longer for it than this. */
const BREATH_MS = 4;

/** Does the steps one after another; every few milliseconds whatever else is to be done goes first. */
export async function inBreaths(steps: Iterator<unknown>): Promise<void> {
  for (let began = performance.now(); !steps.next().done;) {
    if (performance.now() - began < BREATH_MS) continue;
    await setImmediate();
    began = performance.now();
  }
}
