import { For, type JSX, Show } from "solid-js";
import { Foreign, Name } from "../../design/Foreign";
import { useFigures, useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import "./banners.css";
import { giftPicture } from "./picture";

/** Gifts over the picture, above the slot. The core says which ones; a combo grows in its place. */
export function GiftBanners(): JSX.Element {
  const { room, shop } = useLiveroom();
  const words = useWords();
  const figures = useFigures();
  const picture = (gift: string) =>
    giftPicture(shop.view()?.gifts.find(({ id }) => id === gift)?.art ?? "");
  const ids = () => room.giftBanners().map((banner) => banner.id);
  return (
    <ul class="gifts" aria-label={words().gifts}>
      <For each={ids()}>
        {(id) => (
          <Show when={room.giftBanners().find((banner) => banner.id === id)}>
            {(banner) => (
              <li
                class="gift"
                data-testid="gift-banner"
                data-own={banner().own}
                data-effect={banner().effect}
              >
                <img class="gift-picture" src={picture(banner().gift)} alt="" />
                <p class="gift-words">
                  <Name name={banner().name} id={banner().user_id} class="gift-name" />
                  <Foreign text={banner().title} class="gift-title" />
                </p>
                <strong class="gift-count figures">{figures().times(banner().count)}</strong>
              </li>
            )}
          </Show>
        )}
      </For>
    </ul>
  );
}
