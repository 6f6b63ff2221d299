export type CallState = 'calling' | 'ringing' | 'talking' | 'over';

const ORDER: Readonly<Record<CallState, number>> = { calling: 0, ringing: 1, talking: 2, over: 3 };

/** How far a call has come. It only goes forward; whoever waits for a state is woken by it. */
export class Progress {
  readonly #name: string;
  readonly #watching = new Set<() => void>();
  #state: CallState = 'calling';
  #furthest: CallState = 'calling';

  constructor(name: string) {
    this.#name = name;
  }

  get state(): CallState {
    return this.#state;
  }

  become(state: CallState): void {
    if (ORDER[state] <= ORDER[this.#state]) return;
    this.#state = state;
    if (state !== 'over') this.#furthest = state;
    this.changed();
  }

  /** It has been there: a call that is over may have been talking. */
  wasAt(state: CallState): boolean {
    return state === 'over' ? this.#state === 'over' : ORDER[this.#furthest] >= ORDER[state];
  }

  /** Resolves when it has come so far; rejects when it ended before, or the time is up. */
  async reached(state: CallState, patienceMs: number): Promise<void> {
    await this.until(() => this.wasAt(state) || this.#state === 'over', patienceMs);
    if (!this.wasAt(state)) throw new Error(`${this.#name} is ${this.#state} after ${patienceMs} ms, not ${state}`);
  }

  /** Something one waits for may be so now. */
  changed(): void {
    for (const wake of [...this.#watching]) wake();
  }

  async until(so: () => boolean, patienceMs: number): Promise<void> {
    for (const deadline = Date.now() + patienceMs; !so() && Date.now() < deadline;) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.#watching.delete(done);
          resolve();
        };
        const timer = setTimeout(done, deadline - Date.now());
        this.#watching.add(done);
      });
    }
  }
}
