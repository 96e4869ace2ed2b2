import { type Accessor, createSignal, onCleanup } from "solid-js";
import { tokenTime } from "../../design/tokens";

/** More at once would cover the picture, and cost frames. */
export const HEARTS_ALOFT = 24;
/** Hearts of one burst; the rest of it is a figure. */
export const HEARTS_PER_BURST = 5;
/** The ways up that the style sheet knows. */
const PATHS = 6;
/** The end of a flight that the browser did not tell, because nobody saw it. */
const OVERDUE_MS = 500;

export interface Heart {
  id: number;
  /** Which way up it takes. */
  path: number;
  /** Those of one burst start one after another. */
  turn: number;
}

export interface Hearts {
  aloft: Accessor<readonly Heart[]>;
  /** Likes of the last moment that no heart stands for. */
  counted: Accessor<number>;
  /** Somebody liked the room so often. */
  burst: (likes: number) => void;
  /** The reader did, and sees it at once. */
  own: () => void;
  land: (id: number) => void;
}

/** What rises over the picture for likes: a few hearts, and a figure for all the others. */
export function createHearts(reducedMotion: Accessor<boolean>): Hearts {
  const [aloft, setAloft] = createSignal<readonly Heart[]>([]);
  const [counted, setCounted] = createSignal(0);
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let next = 0;

  const after = (ms: number, run: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
  };
  onCleanup(() => {
    for (const timer of timers) clearTimeout(timer);
  });

  const count = (likes: number) => {
    if (likes <= 0) return;
    if (counted() === 0) after(tokenTime("--like-hold", 1600), () => setCounted(0));
    setCounted(counted() + likes);
  };

  const rise = (hearts: number) => {
    const risen = Array.from({ length: hearts }, (_, turn) => {
      const id = next++;
      return { id, path: id % PATHS, turn };
    });
    setAloft((before) => [...before, ...risen].slice(-HEARTS_ALOFT));
    const longest = tokenTime("--time-heart", 1600) + hearts * tokenTime("--time-turn", 120);
    after(longest + OVERDUE_MS, () =>
      setAloft((all) => all.filter((heart) => !risen.includes(heart))),
    );
  };

  return {
    aloft,
    counted,
    burst(likes) {
      const free = HEARTS_ALOFT - aloft().length;
      const hearts = reducedMotion() ? 0 : Math.min(likes, HEARTS_PER_BURST, free);
      if (hearts > 0) rise(hearts);
      count(likes - hearts);
    },
    own() {
      if (reducedMotion()) count(1);
      else rise(1);
    },
    land: (id) => setAloft((all) => all.filter((heart) => heart.id !== id)),
  };
}
