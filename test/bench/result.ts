/** One line of a bench's table and of its JSON. */
export interface BenchResult {
  name: string;
  unit: string;
  value: number;
  /** What it is measured against, in the same run. */
  peer?: { name: string; value: number };
  /** `value` to the peer's value, or the other way round where less is better: above 1 is better. */
  ratio?: number;
  note?: string;
}
