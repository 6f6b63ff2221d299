import { TrunklineError } from '../../src/platform/errors.js';

/** The catalogue's error that `work` throws; anything else fails the test. */
export function errorOf(work: () => unknown): TrunklineError {
  try {
    work();
  } catch (error) {
    if (error instanceof TrunklineError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
