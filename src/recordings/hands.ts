/**
 * Whose recording is fetched next. The lane has so many hands; no PBX has more than half of them, and of those waiting the one goes first
 * that has the fewest at work, then the one that was served longest ago. So a PBX whose files are slow, or that does not answer, waits for
 * itself. History (recovered calls) goes last and leaves a hand free, of the lane and of its PBX: who has just hung up waits for no file of
 * last week. Pure.
 */

/** What a PBX has waiting, calls that have just ended or history. */
export interface Waiting {
  pbx: string;
  history: boolean;
}

export interface Hands {
  /** Null: nobody may be served just now. */
  next(waiting: readonly Waiting[]): Waiting | null;
  areFull(): boolean;
  /** Answers what gives the hand back. */
  take(one: Waiting): () => void;
}

export function createHands(parallel: number): Hands {
  const ofOnePbx = Math.max(1, Math.floor(parallel / 2));
  const busy = new Set<Waiting>();
  /** When each PBX was served last, counted in servings. */
  const served = new Map<string, number>();
  let servings = 0;

  const atWork = (pbx: string) => [...busy].filter((one) => one.pbx === pbx).length;
  const allBut = (one: number, of: number) => Math.max(1, of - one);

  function mayBeServed({ pbx, history }: Waiting): boolean {
    if (!history) return atWork(pbx) < ofOnePbx;
    const ofHistory = [...busy].filter((one) => one.history).length;
    return atWork(pbx) < allBut(1, ofOnePbx) && ofHistory < allBut(1, parallel);
  }

  function order(a: Waiting, b: Waiting): number {
    return (
      Number(a.history) - Number(b.history) ||
      atWork(a.pbx) - atWork(b.pbx) ||
      (served.get(a.pbx) ?? 0) - (served.get(b.pbx) ?? 0)
    );
  }

  return {
    next: (waiting) => (busy.size >= parallel ? null : (waiting.filter(mayBeServed).toSorted(order)[0] ?? null)),
    areFull: () => busy.size >= parallel,
    take({ pbx, history }) {
      const one = { pbx, history };
      busy.add(one);
      servings += 1;
      served.set(pbx, servings);
      return () => void busy.delete(one);
    },
  };
}
