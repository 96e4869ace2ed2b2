import { type Accessor, createEffect, createSignal, onCleanup } from "solid-js";
import { tokenTime } from "./tokens";

/** A wait longer than this says what is being waited for. */
const SAY_AFTER_MS = 4000;

/** What a wait shows by now: nothing at first, then the outline of what comes, then words as well. */
export type Waited = "" | "skeleton" | "words";

export function createWait(waiting: Accessor<boolean>): Accessor<Waited> {
  const [waited, setWaited] = createSignal<Waited>("");
  createEffect(() => {
    setWaited("");
    if (!waiting()) return;
    const skeleton = setTimeout(() => setWaited("skeleton"), tokenTime("--time-wait", 400));
    const say = setTimeout(() => setWaited("words"), SAY_AFTER_MS);
    onCleanup(() => {
      clearTimeout(skeleton);
      clearTimeout(say);
    });
  });
  return waited;
}
