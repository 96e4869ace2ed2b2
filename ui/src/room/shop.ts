import { type Accessor, createSignal } from "solid-js";
import type { Host, ShopView } from "../host/host";

export interface ShopState {
  /** Undefined until the shop has told of itself. */
  view: Accessor<ShopView | undefined>;
  /** Takes the shop's stream over, as often as it is called. */
  open(): Promise<void>;
}

export function createShopState(host: Host): ShopState {
  const [view, setView] = createSignal<ShopView>();
  return {
    view,
    async open() {
      // Without an answer the shop stays what it was, or away: whoever needs it says so.
      await host.openShop(setView);
    },
  };
}
