/** Ways a CRM goes wrong, switched on while it runs. Applied: the request had its effect although no good answer came. */
export type Fault =
  | { kind: 'delay'; ms: number }
  /** Never answers. */
  | { kind: 'hang'; applied?: boolean }
  /** Closes without having read the request's meaning. */
  | { kind: 'close-before'; reset?: boolean }
  /** Does what was asked, then closes without a byte of answer. */
  | { kind: 'close-after'; reset?: boolean }
  | { kind: 'status'; status: number; retryAfter?: string; body?: string }
  /** A web page instead of an answer, as a proxy or a wrong host gives. */
  | { kind: 'html'; status?: number }
  /** Does what was asked; the answer is a whole HTTP message with half of the JSON. */
  | { kind: 'truncated-json' }
  /** Does what was asked; the answer ends before the length it promised. */
  | { kind: 'lying-length' };

interface Rule {
  fault: Fault;
  left: number;
  until: number;
  path: string | undefined;
}

/** Which fault the next request meets. Rules are tried in the order they were made. */
export class Faults {
  #rules: Rule[] = [];

  /** For the next `count` requests, only those whose path and query contain `path` when it is given. */
  next(count: number, fault: Fault, path?: string): void {
    this.#rules.push({ fault, left: count, until: Infinity, path });
  }

  /** For `ms` milliseconds from now. */
  during(ms: number, fault: Fault, path?: string): void {
    this.#rules.push({ fault, left: Infinity, until: Date.now() + ms, path });
  }

  always(fault: Fault, path?: string): void {
    this.#rules.push({ fault, left: Infinity, until: Infinity, path });
  }

  clear(): void {
    this.#rules = [];
  }

  /** Uses up one turn of the first rule that fits. */
  take(path: string): Fault | null {
    const now = Date.now();
    this.#rules = this.#rules.filter((rule) => rule.left > 0 && rule.until > now);
    const rule = this.#rules.find((candidate) => candidate.path === undefined || path.includes(candidate.path));
    if (!rule) return null;
    rule.left -= 1;
    return rule.fault;
  }
}
