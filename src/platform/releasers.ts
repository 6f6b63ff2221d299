/**
 * What is started is registered to be stopped, and stopping runs backwards. A start that fails half way cleans up
 * through the same list. Every undo runs even when one before it failed; the first failure is thrown at the end.
 */
export class Releasers {
  readonly #undo: (() => Promise<void> | void)[] = [];

  push(undo: () => Promise<void> | void): void {
    this.#undo.push(undo);
  }

  async run(): Promise<void> {
    let failed = false;
    let first: unknown;
    for (let undo = this.#undo.pop(); undo; undo = this.#undo.pop()) {
      try {
        await undo();
      } catch (error) {
        if (!failed) first = error;
        failed = true;
      }
    }
    if (failed) throw first instanceof Error ? first : new Error(String(first));
  }
}
