/**
 * How late this process gets to do what is due. Whoever stamps what he sees here (the phones of a trial) may be off by that
 * much, and on a machine that is as busy so may the PBX: what is judged by such stamps allows for it.
 */
const EVERY_MS = 20;

export interface Lateness {
  /** Twice the longest delay that fell into this time (Unix ms): its beginning and its end may both be late. */
  between(from: number, to: number): number;
  stop(): void;
}

export function watchLateness(): Lateness {
  const delays: { at: number; ms: number }[] = [];
  let last = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    const ms = now - last - EVERY_MS;
    if (ms > EVERY_MS) delays.push({ at: now, ms });
    last = now;
  }, EVERY_MS);
  timer.unref();
  return {
    between: (from, to) =>
      2 * Math.max(0, ...delays.flatMap(({ at, ms }) => (at >= from && at - ms <= to ? [ms] : []))),
    stop: () => clearInterval(timer),
  };
}
