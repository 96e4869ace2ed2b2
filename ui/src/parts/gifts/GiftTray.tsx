import { type JSX, onCleanup, Show } from "solid-js";
import { createSpoken } from "../../design/speaker";
import type { Outcome, ShopError, ShopView } from "../../host/host";
import { useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import { giftErrorWords, shopErrorWords } from "../../room/shop-words";
import { Balance } from "./Balance";
import { GiftKinds } from "./GiftKinds";
import { GiveButton, GiveCounts } from "./GiveButtons";
import type { Refusal } from "./refusal";

function Shop(props: {
  view: ShopView;
  chosen: string | undefined;
  choose: (gift: string) => void;
  refusal: Refusal;
}): JSX.Element {
  const { host } = useLiveroom();
  const words = useWords();
  const gift = () => props.view.gifts.find(({ id }) => id === props.chosen) ?? props.view.gifts[0];
  const combo = () => {
    const combo = props.view.combo;
    return combo.gift === gift()?.id ? combo.count : 0;
  };
  const sentence = () => {
    const refused = props.refusal.error();
    if (!refused) return undefined;
    return refused.of === "gift"
      ? giftErrorWords(words(), refused.error, props.view.may_top_up)
      : shopErrorWords(words(), refused.error);
  };

  createSpoken("gifts", sentence);

  const ask = async (of: "gift" | "topUp", call: () => Promise<Outcome<null, ShopError>>) => {
    props.refusal.dismiss();
    const outcome = await call();
    if (outcome.status === "error") props.refusal.tell(outcome.error, of);
  };
  const giveOne = () => {
    const one = gift();
    if (one && one.price <= props.view.balance) void ask("gift", () => host.clickGift(one.id));
  };

  return (
    <form
      class="tray-form"
      onKeyDown={(event) => {
        // Who holds the key down does not mean to give at its pace.
        if (event.key === "Enter" && event.repeat) event.preventDefault();
      }}
      onSubmit={(event) => {
        event.preventDefault();
        giveOne();
      }}
    >
      <Balance view={props.view} topUp={(coins) => ask("topUp", () => host.topUp(coins))} />
      <GiftKinds gifts={props.view.gifts} chosen={gift()?.id ?? ""} choose={props.choose} />
      <Show when={sentence()}>
        <p class="gift-refusal" data-testid="gift-refusal">
          {sentence()}
        </p>
      </Show>
      <Show when={gift()}>
        {(gift) => (
          <>
            <GiveButton gift={gift()} balance={props.view.balance} combo={combo()} />
            <GiveCounts
              gift={gift()}
              balance={props.view.balance}
              give={(count) => ask("gift", () => host.giveGifts(gift().id, count))}
            />
          </>
        )}
      </Show>
    </form>
  );
}

export function GiftTray(props: {
  chosen: string | undefined;
  choose: (gift: string) => void;
  refusal: Refusal;
}): JSX.Element {
  const { shop } = useLiveroom();
  const words = useWords();
  onCleanup(() => props.refusal.dismiss());
  const open = () => (shop.view()?.open ? shop.view() : undefined);

  return (
    <div data-testid="gift-tray">
      <Show
        when={open()}
        fallback={
          <div class="tray-away" tabindex="-1" autofocus>
            <p>{words().giftShopAway}</p>
          </div>
        }
      >
        {(view) => (
          <Shop view={view()} chosen={props.chosen} choose={props.choose} refusal={props.refusal} />
        )}
      </Show>
    </div>
  );
}
