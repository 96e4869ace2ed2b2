import { createMemo, type JSX, Show } from "solid-js";
import { Foreign } from "../../design/Foreign";
import { useFigures, useWords } from "../../i18n/context";
import { timeLeft } from "../../i18n/countdown";
import { useLiveroom } from "../../room/context";
import { ProductPicture } from "./ProductPicture";
import "./slot.css";

/** So few are left that it is worth a warning. */
const LOW_STOCK = 10;

function Stock(props: { left: number }): JSX.Element {
  const words = useWords();
  const said = () => (props.left > 0 ? words().productLeft(props.left) : words().productSoldOut);
  return (
    <span
      class="product-stock figures"
      data-testid="product-stock"
      data-low={props.left <= LOW_STOCK}
    >
      {said()}
    </span>
  );
}

export function ProductSlot(): JSX.Element {
  const { room, clock } = useLiveroom();
  const words = useWords();
  const figures = useFigures();
  // Keyed by the product's id: the slot slides in once for each product, not for each update.
  const shownId = createMemo(() => room.product()?.id);
  return (
    <Show when={shownId()} keyed>
      {(id) => (
        <Show when={room.product()}>
          {(product) => {
            const left = () => timeLeft(product().ends_at_s, clock());
            return (
              <section
                class="product"
                data-testid="product-slot"
                data-product-id={id}
                aria-label={words().product}
              >
                <ProductPicture of={product().picture} class="product-picture" />
                <div class="product-words">
                  <p class="product-title" data-testid="product-title">
                    <Foreign text={product().title} />
                  </p>
                  <p class="product-line">
                    <strong class="product-price figures" data-testid="product-price">
                      <bdi>{figures().price(product().price_minor, product().currency)}</bdi>
                    </strong>
                    <Show when={product().counted}>
                      <Stock left={product().stock} />
                    </Show>
                    <Show when={product().ends_at_s > 0}>
                      <Show when={left()} fallback={<span>{words().productEnded}</span>}>
                        {(rest) => (
                          <span class="figures" role="timer">
                            <span aria-hidden="true">{rest()}</span>
                            <span class="visually-hidden">{words().productEnds(rest())}</span>
                          </span>
                        )}
                      </Show>
                    </Show>
                  </p>
                </div>
              </section>
            );
          }}
        </Show>
      )}
    </Show>
  );
}
