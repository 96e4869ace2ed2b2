import { For, type JSX, Show } from "solid-js";
import { Foreign } from "../../design/Foreign";
import type { GiftKindView } from "../../host/host";
import { useWords } from "../../i18n/context";
import { giftPicture } from "./picture";

/** The gifts there are, one of them chosen. */
export function GiftKinds(props: {
  gifts: GiftKindView[];
  chosen: string;
  choose: (gift: string) => void;
}): JSX.Element {
  const words = useWords();
  // By id: the shop tells all of them anew with each change, and the focus stays on one of them.
  const ids = () => props.gifts.map(({ id }) => id);
  return (
    <div class="gift-kinds" role="radiogroup" aria-label={words().giftChoice}>
      <For each={ids()}>
        {(id) => (
          <Show when={props.gifts.find((gift) => gift.id === id)}>
            {(gift) => (
              <label
                class="gift-kind"
                data-testid="gift-kind"
                data-gift={id}
                data-chosen={props.chosen === id}
              >
                <input
                  class="visually-hidden"
                  type="radio"
                  name="gift"
                  value={id}
                  checked={props.chosen === id}
                  autofocus={props.chosen === id}
                  onChange={() => props.choose(id)}
                />
                <img class="gift-kind-picture" src={giftPicture(gift().art)} alt="" />
                <Foreign text={gift().title} class="gift-kind-title" />{" "}
                <span class="gift-kind-price figures">{words().coins(gift().price)}</span>
              </label>
            )}
          </Show>
        )}
      </For>
    </div>
  );
}
