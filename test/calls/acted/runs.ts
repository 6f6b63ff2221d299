/**
 * How a property is run: the same calls each time, so that a failure comes again. fast-check prints the seed and the
 * smallest call that fails; `CALL_SEED=7` draws others.
 */
export function runs(numRuns: number): { numRuns: number; seed: number } {
  return { numRuns, seed: Number(process.env['CALL_SEED'] ?? 1) };
}
