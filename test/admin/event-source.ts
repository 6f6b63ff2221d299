/** As much of a browser's EventSource as tRPC's link needs, over Node's fetch, which can send a cookie. */
type Listener = (event: { data: string; lastEventId: string; type: string }) => void;

export class EventSource {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readonly url: string;
  readyState = EventSource.CONNECTING;
  readonly #headers: Record<string, string>;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #closing = new AbortController();
  #lastId = '';

  constructor(url: string, options: { headers?: Record<string, string> } = {}) {
    this.url = url;
    this.#headers = options.headers ?? {};
    void this.#run();
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener));
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  close(): void {
    this.readyState = EventSource.CLOSED;
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    while (this.readyState !== EventSource.CLOSED) {
      await this.#once().catch(() => undefined);
      if (this.#closing.signal.aborted) return;
      this.readyState = EventSource.CONNECTING;
      this.#tell('error', '');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #once(): Promise<void> {
    const id = this.#lastId === '' ? {} : { 'last-event-id': this.#lastId };
    const headers = { ...this.#headers, ...id, accept: 'text/event-stream' };
    const answer = await fetch(this.url, { headers, signal: this.#closing.signal });
    if (!answer.ok || !answer.body) throw new Error(`status ${answer.status}`);
    this.readyState = EventSource.OPEN;
    this.#tell('open', '');
    let rest = '';
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split(/\r?\n\r?\n/);
      rest = parts.pop() ?? '';
      for (const part of parts) this.#event(part);
    }
  }

  #event(text: string): void {
    const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(text)?.[1];
    this.#lastId = field('id') ?? this.#lastId;
    const data = field('data');
    if (data !== undefined) this.#tell(field('event') ?? 'message', data);
  }

  #tell(type: string, data: string): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ data, lastEventId: this.#lastId, type });
  }
}
