import type { GiftBannerView, RoomEvent } from "./host";
import { NO_COMBO, type ScriptedHost } from "./scripted";

const LASTS_TICKS = 30;

/** The reader's own gifts over the stage: clicks in a row are one combo, until nobody clicks. */
export class Combo {
  readonly #host: ScriptedHost;
  #banner: GiftBannerView | undefined;
  #left = 0;

  constructor(host: ScriptedHost) {
    this.#host = host;
  }

  give(gift: string, count: number): RoomEvent[] {
    const { shop } = this.#host;
    const kind = shop.gifts.find(({ id }) => id === gift);
    if (!kind) return [];
    const before = this.#banner;
    const id = before?.gift === gift ? before.id : (before?.id ?? 0) + 1;
    const { user_id, name } = shop;
    const { title, price, effect } = kind;
    this.#banner = { id, user_id, name, level: 1, gift, title, count, price, effect, own: true };
    this.#left = LASTS_TICKS;
    return [{ type: "gift_banners", banners: [this.#banner] }];
  }

  tick(): RoomEvent[] {
    if (this.#left === 0 || --this.#left > 0) return [];
    this.#host.pushShop({ combo: NO_COMBO });
    return [{ type: "gift_banners", banners: [] }];
  }
}
