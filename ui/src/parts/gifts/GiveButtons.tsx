import { createSignal, For, type JSX, Show } from "solid-js";
import { isolated } from "../../design/bounds";
import { Foreign } from "../../design/Foreign";
import { Sentence } from "../../design/Sentence";
import type { GiftKindView } from "../../host/host";
import { useFigures, useWords } from "../../i18n/context";

/** Numbers that people like to give: a lucky one among them. */
const COUNTS = [10, 66, 99] as const;

/**
 * One click is one gift, and clicks in a row are a combo. The button is the same all the time, so
 * that the key that has pressed it presses it again.
 */
export function GiveButton(props: {
  gift: GiftKindView;
  balance: number;
  /** Gifts of the combo that a click goes on with; 0 when it begins one. */
  combo: number;
}): JSX.Element {
  const words = useWords();
  const figures = useFigures();
  const missing = () => Math.max(0, props.gift.price - props.balance);
  return (
    <button
      type="submit"
      class="button give"
      data-testid="give"
      data-combo={props.combo > 0}
      aria-disabled={missing() > 0}
      onClick={(event) => {
        // Not every browser gives the focus to a button that is clicked.
        if (event.detail > 0) event.currentTarget.focus();
      }}
    >
      <span class="give-words">
        <Show when={missing() === 0} fallback={words().coinsMissing(missing())}>
          <Sentence of={words().give}>
            <Foreign text={props.gift.title} />
          </Sentence>
        </Show>
      </span>{" "}
      <Show when={props.combo > 0 && props.combo} keyed>
        {(count) => (
          <strong class="give-combo figures" data-testid="combo-count">
            {figures().times(count)}
          </strong>
        )}
      </Show>
    </button>
  );
}

/** Several at once, their number chosen in advance. */
export function GiveCounts(props: {
  gift: GiftKindView;
  balance: number;
  give: (count: number) => Promise<void>;
}): JSX.Element {
  const words = useWords();
  const figures = useFigures();
  const [busy, setBusy] = createSignal<number>();
  const cost = (count: number) => count * props.gift.price;
  const missing = (count: number) => Math.max(0, cost(count) - props.balance);
  const label = (count: number) => {
    const what = words().giveCount(count, isolated(props.gift.title));
    const coins = words().coins(cost(count));
    if (missing(count) === 0) return `${what}: ${coins}`;
    return `${what}: ${words().coinsMissing(missing(count))}`;
  };
  const press = async (count: number) => {
    if (busy() !== undefined || missing(count) > 0) return;
    setBusy(count);
    await props.give(count);
    setBusy(undefined);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would lay its legend out by itself
    <div class="give-counts" role="group" aria-label={words().giveSeveral}>
      <span class="give-several" aria-hidden="true">
        {words().giveSeveral}
      </span>
      <For each={COUNTS}>
        {(count) => (
          <button
            type="button"
            class="button give-count figures"
            data-testid="give-count"
            data-count={count}
            aria-label={label(count)}
            aria-disabled={busy() !== undefined || missing(count) > 0}
            aria-busy={busy() === count}
            title={label(count)}
            onClick={() => void press(count)}
          >
            {figures().times(count)}
          </button>
        )}
      </For>
    </div>
  );
}
