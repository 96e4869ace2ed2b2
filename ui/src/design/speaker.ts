import { type Accessor, createContext, createEffect, createSignal, on, useContext } from "solid-js";

/** A screen reader needs about this long for one sentence. */
export const SAY_EVERY_MS = 3000;
/** Sentences that wait for their turn. There are fewer kinds of news than that. */
const WAITING_KEPT = 16;

export interface SpeakerTiming {
  now(): number;
  after(ms: number, run: () => void): () => void;
}

/** A sentence, or how to make it when its turn has come. */
export type Saying = string | (() => string);

/** Each is another object, so that the same words twice are said twice. */
export interface Said {
  readonly words: string;
}

/**
 * All that the window says to a screen reader, whoever in it has something to say. What waits for a
 * pause shares one budget; what is about the reader interrupts.
 */
export class Speaker {
  readonly #timing: SpeakerTiming;
  readonly #waiting = new Map<string, Saying>();
  readonly #polite = createSignal<Said>();
  readonly #assertive = createSignal<Said>();
  #saidAt = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(timing: SpeakerTiming) {
    this.#timing = timing;
  }

  /** What was said last in a pause. */
  readonly polite: Accessor<Said | undefined> = () => this.#polite[0]();
  /** What interrupted last. */
  readonly assertive: Accessor<Said | undefined> = () => this.#assertive[0]();

  /** Says it in its turn. Of what is about the same thing only the newest waits. */
  say(about: string, saying: Saying): void {
    this.#waiting.set(about, saying);
    if (this.#waiting.size > WAITING_KEPT) {
      const [oldest = ""] = this.#waiting.keys();
      this.#waiting.delete(oldest);
    }
    if (this.#cancel) return;
    const left = this.#saidAt + SAY_EVERY_MS - this.#timing.now();
    if (left > 0) this.#cancel = this.#timing.after(left, () => this.#turn());
    else this.#turn();
  }

  interrupt(words: string): void {
    this.#assertive[1]({ words });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#waiting.clear();
  }

  #turn(): void {
    this.#cancel = undefined;
    const [next] = this.#waiting;
    if (!next) return;
    const [about, saying] = next;
    this.#waiting.delete(about);
    this.#polite[1]({ words: typeof saying === "string" ? saying : saying() });
    this.#saidAt = this.#timing.now();
    if (this.#waiting.size > 0) this.#cancel = this.#timing.after(SAY_EVERY_MS, () => this.#turn());
  }
}

export const Speech = createContext<Speaker>();

export function useSpeaker(): Speaker {
  const speaker = useContext(Speech);
  if (!speaker) throw new Error("useSpeaker needs a Speech provider above it");
  return speaker;
}

/** Says what appears on the screen, as soon as it does. */
export function createSpoken(about: string, words: Accessor<string | undefined>): void {
  const speaker = useSpeaker();
  createEffect(
    on(words, (said) => {
      if (said) speaker.say(about, said);
    }),
  );
}
