import { beforeEach, describe, expect, it } from "vitest";
import { Code, type RoomEvent } from "../src/host/host";
import { layOut } from "./support/layout";
import { chatRow, roomView, SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

/** Turns round what follows, unless somebody keeps it in its place. */
const TURN = "\u202e";
const ROGUE = `${TURN}rogue`;

const draw = {
  draw: "1",
  keyword: ROGUE,
  prize: ROGUE,
  winners: 1,
  ends_at_s: Math.floor(Date.now() / 1000) + 600,
  commitment: "",
  min_level: 0,
  must_have_gifted: false,
  must_follow: false,
};
const result = {
  draw: "0",
  prize: ROGUE,
  entrants: 2,
  winners: [{ user_id: "1", name: ROGUE, own: true }],
  seed: ROGUE,
  commitment: ROGUE,
};
const product = {
  id: "1",
  title: ROGUE,
  price_minor: 1,
  currency: "CNY",
  picture: "https://elsewhere.example/shoe.jpg",
  ends_at_s: 0,
  counted: false,
  stock: 0,
};
const banner = {
  id: 1,
  user_id: "1",
  name: ROGUE,
  level: 1,
  gift: "rose",
  title: ROGUE,
  count: 2,
  price: 1,
  effect: "banner",
  own: false,
} as const;
const events: RoomEvent[] = [
  { type: "room", room: roomView({ name: ROGUE, host: ROGUE }) },
  { type: "product", product },
  { type: "gift_banners", banners: [banner] },
  { type: "draws", draws: { open: [draw], results: [result] } },
  { type: "announcements", broadcasts: [{ id: "1", text: ROGUE, time_ms: Date.now() }] },
  {
    type: "chat",
    rows: (["comment", "gift", "product", "notice", "greeting", "answer"] as const).map((kind) =>
      chatRow({ key: kind, kind, name: ROGUE, text: ROGUE }),
    ),
  },
  {
    type: "chat",
    rows: [chatRow({ key: "f", own: true, state: "failed", code: 4711, reason: ROGUE })],
  },
];

/** Texts of others that can turn round what stands beside them. */
function loose(): string[] {
  const found: string[] = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const text = node.nodeValue ?? "";
    const parent = node.parentElement;
    if (!text.includes("rogue") || parent?.closest(".visually-hidden")) continue;
    const keeper = parent?.closest("bdi, [dir]:not(html)");
    const isAlone = keeper && [...keeper.childNodes].every((child) => child.contains(node));
    const isolated = /^[^\u202e]*\u2068[^\u202e\u2069]*rogue[^\u202e]*\u2069/.test(text);
    if (!isAlone && !isolated) found.push(`${parent?.className}: ${text}`);
  }
  return found;
}

describe("the text of others", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    window = await openWindow(SESSIONS.online);
    const { shop, goods } = window.host;
    window.host.goods = goods.map((entry) => ({ ...entry, title: ROGUE }));
    window.host.pushShop({
      gifts: shop.gifts.map((gift) => ({ ...gift, title: ROGUE })),
      name: ROGUE,
      user_id: ROGUE,
    });
    window.frame();
    window.show(...events);
  });

  it("turns nothing round in the room", () => {
    expect(document.body.textContent?.split("rogue").length).toBeGreaterThan(15);
    expect(loose()).toEqual([]);
  });

  it("turns nothing round among goods, gifts, accounts and reasons", async () => {
    window.get("tab-goods").click();
    window.get("settings-button").click();
    await window.settle();
    expect(window.get("account").textContent).toContain("rogue");
    expect(loose()).toEqual([]);
    window.press("Escape");
    window.get("gift-button").click();
    expect(window.get("give").textContent).toContain("rogue");
    expect(loose()).toEqual([]);
    const absence = { why: "banned", until_s: 0, info: ROGUE } as const;
    window.show({ type: "room", room: roomView({ member: false, absence }) });
    expect(window.get("composer-notice").textContent).toContain("rogue");
    expect(loose()).toEqual([]);
    const failed = { state: "failed", code: Code.NotAllowed + 4000, info: ROGUE } as const;
    window.show({ type: "session", session: failed });
    expect(window.get("connection").textContent).toContain("rogue");
    expect(loose()).toEqual([]);
  });

  it("is cut where it would take all the room", () => {
    window.show({ type: "room", room: roomView({ name: "x".repeat(5000) }) });
    expect(window.get("room-name").textContent?.length).toBeLessThan(100);
    expect(document.title.length).toBeLessThan(100);
  });
});

describe("a product without a picture that the window may load", () => {
  it("has a place for one, and not the picture of something else", async () => {
    const window = await openWindow(SESSIONS.online);
    window.show({ type: "product", product });
    const slot = window.get("product-slot");
    expect(slot.querySelector("img")).toBeNull();
    expect(slot.querySelector("[data-testid=picture-none]")).not.toBeNull();
    window.show({ type: "product", product: { ...product, picture: "/goods/gone.webp" } });
    slot.querySelector("img")?.dispatchEvent(new Event("error"));
    expect(slot.querySelector("img")).toBeNull();
    window.show({ type: "product", product: { ...product, picture: "demo:cup" } });
    expect(slot.querySelector("img")?.getAttribute("src")).toBe("/goods/cup.webp");
  });
});

describe("a long row of the chat", () => {
  const LINE = 20;
  let window: OpenWindow;
  const flow = () => window.get("chat-flow");
  const line = () => flow().parentElement?.dataset.open;
  beforeEach(async () => {
    window = await openWindow(SESSIONS.online);
  });

  it("shows twelve lines, and all of them on request", () => {
    window.show({ type: "chat", rows: [chatRow({ key: "1", text: "line\n".repeat(40) })] });
    expect(window.find("row-more")).toBeUndefined();
    layOut(flow(), 300, 40 * LINE);
    expect(line()).toBe("false");
    window.get("row-more").click();
    expect(line()).toBe("true");
    expect(window.get("row-more").getAttribute("aria-expanded")).toBe("true");
    window.get("row-more").click();
    expect(line()).toBe("false");
  });

  it("has nothing to open when it fits", () => {
    window.show({ type: "chat", rows: [chatRow({ key: "1", text: "word ".repeat(40) })] });
    layOut(flow(), 300, 12 * LINE);
    expect(window.find("row-more")).toBeUndefined();
  });

  it("stays open while the list scrolls away from it and back", () => {
    const long = chatRow({ key: "1", text: "line\n".repeat(40) });
    window.show({ type: "chat", rows: [long] });
    layOut(flow(), 300, 40 * LINE);
    window.get("row-more").click();
    const rows = Array.from({ length: 400 }, (_, at) => chatRow({ key: `n${at}`, text: "short" }));
    window.show({ type: "chat", rows });
    const list = window.get("chat-list");
    const first = () => window.all("chat-row")[0]?.dataset.key;
    expect(first()).not.toBe("1");
    list.scrollTop = -10_800;
    list.dispatchEvent(new Event("scroll"));
    expect(first()).toBe("1");
    expect(line()).toBe("true");
  });

  it("says the same with fewer breaks and no towers", () => {
    const text = `a${"\u0301".repeat(200)}\n\n\n\n\n\nb`;
    window.show({ type: "chat", rows: [chatRow({ key: "1", text })] });
    expect(window.get("chat-text").textContent).toBe(`a${"\u0301".repeat(4)}\n\nb`);
  });
});
