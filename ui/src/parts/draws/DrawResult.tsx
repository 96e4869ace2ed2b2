import { createSignal, For, type JSX, Show } from "solid-js";
import { Foreign, Name } from "../../design/Foreign";
import { Icon } from "../../design/Icon";
import type { DrawResultView } from "../../host/host";
import { useWords } from "../../i18n/context";
import { DrawProof } from "./DrawProof";

/** More names than this at once are no news any more. */
const NAMES_SHOWN = 6;

export function DrawResult(props: { result: DrawResultView; onClose: () => void }): JSX.Element {
  const words = useWords();
  const [allShown, showAll] = createSignal(false);
  const isOwn = () => props.result.winners.some(({ own }) => own);
  // The reader's own name is never among those that are left out.
  const winners = () => props.result.winners.toSorted((a, b) => Number(b.own) - Number(a.own));
  const more = () => winners().length - NAMES_SHOWN;

  return (
    <article
      class="draw"
      data-testid="draw-result"
      data-draw={props.result.draw}
      data-own={isOwn()}
    >
      <header class="draw-head">
        <Icon name="draw" />
        <h2 class="draw-title">{isOwn() ? words().drawWon : words().drawResult}</h2>
        <button
          type="button"
          class="icon-button draw-close"
          data-testid="draw-close"
          aria-label={words().close}
          title={words().close}
          onClick={() => props.onClose()}
        >
          <Icon name="close" />
        </button>
      </header>
      <p class="draw-prize">
        <Foreign text={props.result.prize} class="draw-prize-name selectable" testId="draw-prize" />{" "}
        <span class="draw-aside figures" data-testid="draw-entrants">
          {words().drawEntrants(props.result.entrants)}
        </span>
      </p>
      <Show when={winners().length > 0} fallback={<p class="draw-nobody">{words().drawNobody}</p>}>
        <ul class="draw-winners">
          <For each={allShown() ? winners() : winners().slice(0, NAMES_SHOWN)}>
            {(winner) => (
              <li class="draw-winner" data-testid="draw-winner" data-own={winner.own}>
                <Name name={winner.name} id={winner.user_id} class="draw-name" />
              </li>
            )}
          </For>
          <Show when={more() > 0}>
            <li>
              <button
                type="button"
                class="link-button figures"
                data-testid="draw-winners-more"
                aria-expanded={allShown()}
                onClick={() => showAll(!allShown())}
              >
                {allShown() ? words().drawWinnersFewer : words().drawWinnersMore(more())}
              </button>
            </li>
          </Show>
        </ul>
      </Show>
      <DrawProof result={props.result} />
    </article>
  );
}
