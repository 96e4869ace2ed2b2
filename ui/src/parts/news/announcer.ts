import type { ChatRow } from "../../host/host";
import type { Catalogue } from "../../i18n";

/** A screen reader needs about this long for one announcement. */
export const ANNOUNCE_EVERY_MS = 3000;

export interface AnnouncerTiming {
  now(): number;
  after(ms: number, run: () => void): () => void;
}

/** Turns a stream of comments into one short sentence at a time. */
export class Announcer {
  readonly #timing: AnnouncerTiming;
  readonly #words: () => Catalogue;
  readonly #say: (sentence: string) => void;
  #count = 0;
  #last: ChatRow | undefined;
  #saidAt = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(timing: AnnouncerTiming, words: () => Catalogue, say: (sentence: string) => void) {
    this.#timing = timing;
    this.#words = words;
    this.#say = say;
  }

  heard(rows: ChatRow[]): void {
    for (const row of rows) {
      if (row.own) continue;
      this.#count++;
      this.#last = row;
    }
    if (this.#count === 0 || this.#cancel) return;
    const left = this.#saidAt + ANNOUNCE_EVERY_MS - this.#timing.now();
    this.#cancel = this.#timing.after(Math.max(0, left), () => this.#speak());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #speak(): void {
    this.#cancel = undefined;
    const row = this.#last;
    if (!row) return;
    const words = this.#words();
    this.#say(
      this.#count === 1
        ? words.heardOne(row.name, row.text)
        : words.heard(this.#count, row.name, row.text),
    );
    this.#count = 0;
    this.#last = undefined;
    this.#saidAt = this.#timing.now();
  }
}
