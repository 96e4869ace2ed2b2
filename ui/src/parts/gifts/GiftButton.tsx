import { createSignal, type JSX, Show } from "solid-js";
import { Icon } from "../../design/Icon";
import { withKey } from "../../design/keyboard";
import { useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import { GiftTray } from "./GiftTray";
import "./gifts.css";
import { createRefusal } from "./refusal";

/** Opens the tray, and keeps what was chosen in it and what it has to say while it is closed. */
export function GiftButton(props: {
  shown: boolean;
  show: (shown: boolean) => void;
  /** The key that does the same. */
  shortcut: string | undefined;
}): JSX.Element {
  const { shop } = useLiveroom();
  const words = useWords();
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
        aria-keyshortcuts={props.shortcut}
        aria-expanded={props.shown}
        aria-haspopup="dialog"
        title={withKey(words().gifts, props.shortcut)}
        onClick={() => props.show(!props.shown)}
      >
        <Icon name="gift" />
      </button>
      <Show when={props.shown}>
        <GiftTray
          opener={button}
          chosen={chosen()}
          choose={choose}
          refusal={refusal}
          close={() => props.show(false)}
        />
      </Show>
    </div>
  );
}
