import { createSignal, type JSX, Show } from "solid-js";
import type { Actions } from "../app/actions";
import { useLiveroom } from "../app/context";
import { Icon } from "../design/Icon";
import { GiftTray } from "./GiftTray";
import "./gifts.css";
import { createRefusal } from "./refusal";

/** Opens the tray, and keeps what was chosen in it and what it has to say while it is closed. */
export function GiftButton(props: { actions: Actions }): JSX.Element {
  const { shop, settings } = useLiveroom();
  const words = settings.words;
  const [chosen, choose] = createSignal<string>();
  const refusal = createRefusal(shop);
  let button!: HTMLButtonElement;
  return (
    <div>
      <button
        ref={button}
        type="button"
        class="icon-button"
        data-testid="gift-button"
        aria-label={words().gifts}
        aria-keyshortcuts="G"
        aria-expanded={props.actions.giftsShown()}
        aria-haspopup="dialog"
        title={`${words().gifts} (G)`}
        onClick={() => props.actions.showGifts(!props.actions.giftsShown())}
      >
        <Icon name="gift" />
      </button>
      <Show when={props.actions.giftsShown()}>
        <GiftTray
          opener={button}
          chosen={chosen()}
          choose={choose}
          refusal={refusal}
          close={() => props.actions.showGifts(false)}
        />
      </Show>
    </div>
  );
}
