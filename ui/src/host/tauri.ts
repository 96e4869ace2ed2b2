import { Channel } from "@tauri-apps/api/core";
import { commands } from "../bindings";
import type { Host, Outcome, RoomEvent, ShopError, ShopView } from "./host";

/** A call that could not be made at all is reported like one that was refused. */
async function settle<T>(call: Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await call;
  } catch (cause) {
    const info = cause instanceof Error ? cause.message : String(cause);
    return { status: "error", error: { code: 0, info } };
  }
}

/** The same for what the shop answers. `code` says whether it may have been done all the same. */
async function settleShop<T>(
  call: Promise<Outcome<T, ShopError>>,
  code: "away" | "unclear" = "away",
): Promise<Outcome<T, ShopError>> {
  try {
    return await call;
  } catch (cause) {
    const info = cause instanceof Error ? cause.message : String(cause);
    return { status: "error", error: { code, info } };
  }
}

export function createTauriHost(): Host {
  const decoder = new TextDecoder();
  return {
    open(receive) {
      const channel = new Channel<ArrayBuffer>();
      channel.onmessage = (bytes) => receive(JSON.parse(decoder.decode(bytes)) as RoomEvent[]);
      return settle(commands.openRoom(channel));
    },
    sendComment: (text) => settle(commands.sendComment(text)),
    retryComment: (key) => settle(commands.retryComment(key)),
    like: () => settle(commands.like()),
    setDanmakuBudget: (budget) => settle(commands.setDanmakuBudget(budget)),
    setDanmakuVisible: (visible) => settle(commands.setDanmakuVisible(visible)),
    reportUndrawn: (ids) => settle(commands.reportUndrawn(ids)),
    reconnect: () => settle(commands.reconnect()),
    openShop(receive) {
      const channel = new Channel<ShopView>();
      channel.onmessage = receive;
      return settleShop(commands.openShop(channel));
    },
    clickGift: (gift) => settleShop(commands.clickGift(gift), "unclear"),
    giveGifts: (gift, count) => settleShop(commands.giveGifts(gift, count), "unclear"),
    topUp: (coins) => settleShop(commands.topUp(coins), "unclear"),
    products: () => settleShop(commands.products()),
    recommend: (product) => settleShop(commands.recommend(product)),
    follow: (following) => settleShop(commands.follow(following)),
    takeDown: () => settleShop(commands.takeDown()),
    setLiveStatus: (status) => settleShop(commands.setLiveStatus(status)),
    openHostWindow: () => settle(commands.openHostWindow()),
    serviceStatus: () => settle(commands.serviceStatus()),
    stopService: () => settle(commands.stopService()),
    startService: () => settle(commands.startService()),
  };
}
