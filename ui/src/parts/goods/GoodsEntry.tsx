import { type JSX, Show } from "solid-js";
import { Foreign } from "../../design/Foreign";
import { createSpoken } from "../../design/speaker";
import type { ProductEntryView, ShopError } from "../../host/host";
import { useFigures, useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import { shopErrorWords } from "../../room/shop-words";
import { ProductPicture } from "./ProductPicture";

export function GoodsEntry(props: {
  entry: ProductEntryView;
  /** Whether the reader runs the room. */
  mayChange: boolean;
  /** The product that is being put into the slot, or taken out of it, just now. */
  busy: string | undefined;
  error: ShopError | undefined;
  recommend: () => void;
  takeDown: () => void;
}): JSX.Element {
  const { room } = useLiveroom();
  const words = useWords();
  const figures = useFigures();
  const shown = () => room.product()?.id === props.entry.id;
  // The slot hears of each change at once, and its price may be one of its own.
  const now = () => (shown() ? (room.product() ?? props.entry) : props.entry);
  const stock = () => {
    const { counted, stock } = now();
    if (!counted) return undefined;
    return stock > 0 ? words().productLeft(stock) : words().productSoldOut;
  };
  const refusal = () => props.error && shopErrorWords(words(), props.error);
  createSpoken("goods", refusal);
  return (
    <li
      class="goods-entry"
      data-testid="goods-entry"
      data-product={props.entry.id}
      data-shown={shown()}
    >
      <ProductPicture of={props.entry.picture} class="goods-picture" />
      <div class="goods-words">
        <p class="goods-title">
          <Foreign text={props.entry.title} />
        </p>
        <p class="goods-line">
          <strong class="goods-price figures">
            <bdi>{figures().price(now().price_minor, now().currency)}</bdi>
          </strong>
          <Show when={stock()}>
            <span
              class="goods-stock figures"
              data-testid="goods-stock"
              data-sold-out={now().stock === 0}
            >
              {stock()}
            </span>
          </Show>
        </p>
        <Show when={shown()}>
          <p class="goods-now">{words().goodsNow}</p>
        </Show>
      </div>
      <Show when={props.mayChange}>
        {/* One button that is never disabled: the keyboard's focus stays on it. */}
        <button
          type="button"
          class="button"
          data-testid={shown() ? "take-down" : "recommend"}
          aria-label={`${shown() ? words().takeDown : words().recommend}: ${props.entry.title}`}
          aria-disabled={props.busy !== undefined}
          aria-busy={props.busy === props.entry.id}
          onClick={() => (shown() ? props.takeDown() : props.recommend())}
        >
          {shown() ? words().takeDown : words().recommend}
        </button>
      </Show>
      <Show when={refusal()}>
        <p class="goods-error" data-testid="goods-error">
          {refusal()}
        </p>
      </Show>
    </li>
  );
}
