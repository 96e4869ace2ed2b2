/** Stands in for the flight where motion is not wanted: one line, the newest, changed now and then. */
export interface TickerTiming {
  now(): number;
  after(ms: number, run: () => void): () => void;
}

export class Ticker<T> {
  readonly #holdMs: number;
  readonly #timing: TickerTiming;
  readonly #show: (line: T) => void;
  #next: { line: T } | undefined;
  #shownAt = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(holdMs: number, timing: TickerTiming, show: (line: T) => void) {
    this.#holdMs = holdMs;
    this.#timing = timing;
    this.#show = show;
  }

  /** Returns the line, if any, that will not be shown because of this one. */
  offer(line: T): T | undefined {
    const replaced = this.#next?.line;
    this.#next = { line };
    if (!this.#cancel) {
      const left = this.#shownAt + this.#holdMs - this.#timing.now();
      if (left <= 0) this.#turn();
      else this.#cancel = this.#timing.after(left, () => this.#turn());
    }
    return replaced;
  }

  /** What waits and is meant here will not be shown. */
  withdraw(isMeant: (line: T) => boolean): void {
    if (this.#next && isMeant(this.#next.line)) this.#next = undefined;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#next = undefined;
  }

  #turn(): void {
    this.#cancel = undefined;
    if (!this.#next) return;
    const { line } = this.#next;
    this.#next = undefined;
    this.#shownAt = this.#timing.now();
    this.#show(line);
  }
}
