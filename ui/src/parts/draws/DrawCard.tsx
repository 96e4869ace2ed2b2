import { createEffect, createSignal, For, type JSX, onCleanup, Show } from "solid-js";
import { tokenTime } from "../../design/tokens";
import { useWords } from "../../i18n/context";
import { createSendBlocker } from "../../room/blocker";
import { DrawResult } from "./DrawResult";
import type { Draws } from "./draws";
import "./draws.css";
import { OpenDraw } from "./OpenDraw";

/** Lucky draws: those that are open, the one that ends first on top, and the last result. */
export function DrawCard(props: {
  draws: Draws;
  /** A result goes by itself after a while, unless it is an own win. */
  passing?: boolean;
}): JSX.Element {
  const words = useWords();
  const blocked = createSendBlocker();
  const [allShown, showAll] = createSignal(false);
  const open = () => props.draws.open();
  const result = () => props.draws.result();
  createEffect(() => {
    const shown = result();
    if (!props.passing || !shown || shown.winners.some(({ own }) => own)) return;
    const hold = tokenTime("--broadcast-hold", 12_000);
    const over = setTimeout(() => props.draws.close(shown.draw), hold);
    onCleanup(() => clearTimeout(over));
  });
  const others = () => open().length - 1;
  const shownIds = () =>
    open()
      .slice(0, allShown() ? undefined : 1)
      .map(({ draw }) => draw);

  return (
    <Show when={open().length > 0 || result()}>
      <section class="draws" aria-label={words().draws} data-testid="draws">
        <For each={shownIds()}>
          {(id) => (
            <Show when={open().find(({ draw }) => draw === id)}>
              {(draw) => (
                <OpenDraw
                  draw={draw()}
                  standing={props.draws.joining.standing(id)}
                  blocked={blocked()}
                  onJoin={() => void props.draws.joining.join(draw())}
                />
              )}
            </Show>
          )}
        </For>
        <Show when={others() > 0}>
          <button
            type="button"
            class="link-button draws-others"
            data-testid="draw-others"
            aria-expanded={allShown()}
            onClick={() => showAll(!allShown())}
          >
            {allShown() ? words().drawOthersHide : words().drawOthers(others())}
          </button>
        </Show>
        <Show when={result()?.draw} keyed>
          {(id) => (
            <Show when={result()}>
              {(drawn) => <DrawResult result={drawn()} onClose={() => props.draws.close(id)} />}
            </Show>
          )}
        </Show>
      </section>
    </Show>
  );
}
