import { type Accessor, createEffect, createSignal, untrack } from "solid-js";
import type { ShopError, ShopView } from "../../host/host";

export interface Refusal {
  /** The last one, until the reader has seen it and goes on. */
  error: Accessor<{ error: ShopError; of: "gift" | "topUp" } | undefined>;
  tell(error: ShopError, of: "gift" | "topUp"): void;
  dismiss(): void;
}

/** What was refused, whether the shop told of it or the call itself came back with it. */
export function createRefusal(shop: { view: Accessor<ShopView | undefined> }): Refusal {
  const [told, tell] = createSignal<{ error: ShopError; of: "gift" | "topUp" }>();
  const [seen, setSeen] = createSignal<number>();
  const last = () => shop.view()?.refusal;

  createEffect(() => {
    // What was refused before this window was opened is no news to it.
    if (shop.view() && untrack(seen) === undefined) setSeen(last()?.number ?? 0);
  });

  return {
    error() {
      const refusal = last();
      if (refusal && seen() !== undefined && refusal.number !== seen()) {
        return { error: refusal.error, of: "gift" };
      }
      return told();
    },
    tell: (error, of) => tell({ error, of }),
    dismiss() {
      tell(undefined);
      setSeen(last()?.number ?? 0);
    },
  };
}
