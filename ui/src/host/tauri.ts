import { commands } from "../bindings";
import {
  Code,
  type Ended,
  type Host,
  type Outcome,
  type PageAnswer,
  type PageBatch,
  type Receive,
  type ShopError,
} from "./host";

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

/** Asks for one batch, and for the next one when the page says so. */
function follow(opening: number, receive: Receive, ended: Ended): void {
  const decoder = new TextDecoder();
  const ask = async (answer: PageAnswer): Promise<void> => {
    const bytes = await settle(commands.nextBatch(opening, answer));
    if (bytes.status === "error") return ended(bytes.error);
    const batch = JSON.parse(decoder.decode(bytes.data)) as PageBatch;
    if (batch.ended) return ended({ code: Code.NotOnline, info: "this page has left the room" });
    receive(batch, (next) => void ask(next));
  };
  void ask({ undrawn: [] });
}

export function createTauriHost(): Host {
  return {
    async open(reads, receive, ended) {
      const opened = await settle(commands.openRoom(reads));
      if (opened.status === "error") return opened;
      follow(opened.data, receive, ended);
      return { status: "ok", data: null };
    },
    sendComment: (text) => settle(commands.sendComment(text)),
    retryComment: (key) => settle(commands.retryComment(key)),
    like: () => settle(commands.like()),
    setDanmakuBudget: (budget) => settle(commands.setDanmakuBudget(budget)),
    setDanmakuVisible: (visible) => settle(commands.setDanmakuVisible(visible)),
    reconnect: () => settle(commands.reconnect()),
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
