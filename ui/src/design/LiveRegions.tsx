import { type JSX, Show } from "solid-js";
import { useSpeaker } from "./speaker";

/** Where a screen reader listens: one place for what waits for a pause, one for what does not. */
export function LiveRegions(): JSX.Element {
  const speaker = useSpeaker();
  return (
    <>
      <p class="visually-hidden" role="status" aria-live="polite" data-testid="news">
        <Show when={speaker.polite()} keyed>
          {(said) => <span>{said.words}</span>}
        </Show>
      </p>
      <p class="visually-hidden" role="alert" aria-live="assertive" data-testid="own-news">
        <Show when={speaker.assertive()} keyed>
          {(said) => <span>{said.words}</span>}
        </Show>
      </p>
    </>
  );
}
