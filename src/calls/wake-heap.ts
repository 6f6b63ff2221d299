/**
 * When each call wants to be looked at. A binary heap with one live entry a call: a later time is not moved at once but
 * found out of date when it comes up, so planning costs nothing on the path of a fact.
 */
interface Entry {
  id: string;
  at: number;
}

export class WakeHeap {
  readonly #heap: Entry[] = [];
  /** What each call wants now. */
  readonly #wanted = new Map<string, number>();
  /** Time of its earliest entry in the heap. */
  readonly #placed = new Map<string, number>();

  plan(id: string, at: number | null): void {
    if (at === null) {
      this.#wanted.delete(id);
      return;
    }
    this.#wanted.set(id, at);
    const placed = this.#placed.get(id);
    if (placed === undefined || at < placed) this.#push({ id, at });
  }

  /** The earliest time any call wants, or null. */
  next(): number | null {
    for (let top = this.#heap[0]; top; top = this.#heap[0]) {
      const wanted = this.#wanted.get(top.id);
      if (wanted === top.at) return top.at;
      this.#pop();
      if (this.#placed.get(top.id) !== top.at) continue;
      this.#placed.delete(top.id);
      if (wanted !== undefined) this.#push({ id: top.id, at: wanted });
    }
    return null;
  }

  /** Calls whose entries are due; nothing is taken out. */
  due(now: number): string[] {
    this.next();
    const ids: string[] = [];
    const look = [0];
    for (let index = look.pop(); index !== undefined; index = look.pop()) {
      const entry = this.#heap[index];
      if (!entry || entry.at > now) continue;
      ids.push(entry.id);
      look.push(2 * index + 1, 2 * index + 2);
    }
    return ids;
  }

  #push(entry: Entry): void {
    this.#placed.set(entry.id, entry.at);
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if ((heap[parent] as Entry).at <= entry.at) break;
      heap[index] = heap[parent] as Entry;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && (heap[right] as Entry).at < (heap[child] as Entry).at) child = right;
      if ((heap[child] as Entry).at >= last.at) break;
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
  }
}
