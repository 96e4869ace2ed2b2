import { createEffect, createMemo, createSignal, For, type JSX, on, Show } from "solid-js";
import { createWait } from "../../design/wait";
import type { Outcome, ProductEntryView, ShopError } from "../../host/host";
import { useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import { shopErrorWords } from "../../room/shop-words";
import { GoodsEntry } from "./GoodsEntry";
import { LiveStatusSet } from "./LiveStatusSet";
import "./goods.css";

/** What is sold here. Who runs the room puts it into the slot from here, too. */
export function GoodsPanel(props: { shown: boolean }): JSX.Element {
  const { host, room, shop } = useLiveroom();
  const words = useWords();
  const [goods, setGoods] = createSignal<ProductEntryView[]>();
  const [waiting, setWaiting] = createSignal(false);
  const [refused, setRefused] = createSignal<ShopError>();
  const [busy, setBusy] = createSignal<string>();
  const [failed, setFailed] = createSignal<{ product: string; error: ShopError }>();
  const waited = createWait(() => waiting() && !goods());
  let asked = 0;

  const load = async () => {
    const mine = ++asked;
    setWaiting(true);
    const outcome = await host.products();
    // Whoever asked later is told what holds later.
    if (mine !== asked) return;
    setWaiting(false);
    if (outcome.status === "ok") setGoods(outcome.data);
    setRefused(outcome.status === "error" ? outcome.error : undefined);
  };
  const inSlot = createMemo(() => room.product()?.id);
  const open = createMemo(() => shop.view()?.open ?? false);
  createEffect(
    on([() => props.shown, inSlot, open], ([shown]) => {
      if (shown) void load();
    }),
  );

  const change = async (product: string, call: () => Promise<Outcome<null, ShopError>>) => {
    if (busy() !== undefined) return;
    setBusy(product);
    setFailed(undefined);
    const outcome = await call();
    setBusy(undefined);
    if (outcome.status === "error") setFailed({ product, error: outcome.error });
  };
  const runsRoom = () => shop.view()?.runs_room ?? false;
  // By id: the list is read anew now and then, and the focus stays on the button it is on.
  const ids = () => goods()?.map(({ id }) => id);

  return (
    <>
      <Show when={runsRoom()}>
        <LiveStatusSet />
      </Show>
      <section class="goods" aria-label={words().goods} aria-busy={waiting()} tabindex="0">
        <Show when={refused()}>
          {(error) => (
            <div class="goods-note" role="alert" data-testid="goods-failed">
              <p>{shopErrorWords(words(), error())}</p>
              <button type="button" class="button" onClick={() => void load()}>
                {words().tryAgain}
              </button>
            </div>
          )}
        </Show>
        <Show when={waited()}>
          <div class="goods-skeleton" data-testid="goods-skeleton" aria-hidden="true">
            <div class="goods-outline" />
            <div class="goods-outline" />
            <div class="goods-outline" />
          </div>
        </Show>
        <Show when={waited() === "words"}>
          <p class="goods-note">{words().goodsWaiting}</p>
        </Show>
        <Show when={goods()?.length === 0}>
          <p class="goods-note" data-testid="goods-empty">
            {words().goodsEmpty}
          </p>
        </Show>
        <ul class="goods-list">
          <For each={ids()}>
            {(id) => (
              <Show when={goods()?.find((entry) => entry.id === id)}>
                {(entry) => (
                  <GoodsEntry
                    entry={entry()}
                    mayChange={runsRoom()}
                    busy={busy()}
                    error={failed()?.product === id ? failed()?.error : undefined}
                    recommend={() => void change(id, () => host.recommend(id))}
                    takeDown={() => void change(id, () => host.takeDown())}
                  />
                )}
              </Show>
            )}
          </For>
        </ul>
      </section>
    </>
  );
}
