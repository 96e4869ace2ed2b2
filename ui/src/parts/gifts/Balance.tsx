import { createSignal, type JSX, Show } from "solid-js";
import { Sentence } from "../../design/Sentence";
import type { ShopView } from "../../host/host";
import { useFigures, useWords } from "../../i18n/context";

const TOP_UP_COINS = 1000;

/** What is in the wallet, and the way to more. */
export function Balance(props: {
  view: ShopView;
  topUp: (coins: number) => Promise<void>;
}): JSX.Element {
  const words = useWords();
  const [busy, setBusy] = createSignal(false);
  const figures = useFigures();
  const topUp = async () => {
    if (busy()) return;
    setBusy(true);
    await props.topUp(TOP_UP_COINS);
    setBusy(false);
  };
  return (
    <div class="tray-head">
      <p>
        <Sentence of={(blank) => words().balance(props.view.balance, blank)}>
          <strong class="figures" data-testid="balance">
            {figures().count(props.view.balance)}
          </strong>
        </Sentence>
      </p>
      <Show when={props.view.may_top_up}>
        <button
          type="button"
          class="button"
          data-testid="top-up"
          aria-disabled={busy()}
          aria-busy={busy()}
          onClick={() => void topUp()}
        >
          {words().topUp(TOP_UP_COINS)}
        </button>
      </Show>
    </div>
  );
}
