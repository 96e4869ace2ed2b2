import { createMemo, createSignal, For, type JSX, Show } from "solid-js";
import { useLiveroom } from "../app/context";
import { createSendBlocker } from "../chat/blocker";
import { DrawResult } from "./DrawResult";
import "./draws.css";
import { createJoining } from "./joining";
import { OpenDraw } from "./OpenDraw";

/** Lucky draws: those that are open, the one that ends first on top, and the last result. */
export function DrawCard(): JSX.Element {
  const { room, settings } = useLiveroom();
  const words = settings.words;
  const joining = createJoining();
  const blocked = createSendBlocker();
  const [allShown, showAll] = createSignal(false);
  const [closed, setClosed] = createSignal<ReadonlySet<string>>(new Set());

  const open = createMemo(() => room.draws().open.toSorted((a, b) => a.ends_at_s - b.ends_at_s));
  const others = () => open().length - 1;
  const shownIds = () =>
    open()
      .slice(0, allShown() ? undefined : 1)
      .map(({ draw }) => draw);

  // A win is not pushed aside by a later draw that somebody else has won.
  const result = createMemo(() => {
    const left = room.draws().results.filter(({ draw }) => !closed().has(draw));
    return left.findLast(({ winners }) => winners.some(({ own }) => own)) ?? left.at(-1);
  });
  /** Those before it are old news by then. */
  const close = (draw: string) => {
    const ids = room.draws().results.map((each) => each.draw);
    setClosed(new Set(ids.filter((id, at) => closed().has(id) || at <= ids.indexOf(draw))));
  };

  return (
    <Show when={open().length > 0 || result()}>
      <section class="draws" aria-label={words().draws} data-testid="draws">
        <For each={shownIds()}>
          {(id) => (
            <Show when={open().find(({ draw }) => draw === id)}>
              {(draw) => (
                <OpenDraw
                  draw={draw()}
                  standing={joining.standing(id)}
                  blocked={blocked()}
                  onJoin={() => void joining.join(draw())}
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
              {(drawn) => <DrawResult result={drawn()} onClose={() => close(id)} />}
            </Show>
          )}
        </Show>
      </section>
    </Show>
  );
}
