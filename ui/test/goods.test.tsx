import { cleanup } from "@solidjs/testing-library";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Outcome, ProductEntryView, ShopError } from "../src/host/host";
import { NO_PRODUCT, ScriptedHost } from "../src/host/scripted";
import { en } from "../src/i18n/en";
import { pending } from "./support/pending";
import { SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

const AWAY: ShopError = { code: "away", info: "raw" };

describe("the goods", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    window = await openWindow(SESSIONS.online);
  });

  const open = async () => {
    window.get("tab-goods").click();
    await window.settle();
  };
  const asHost = async () => {
    window.host.pushShop({ role: "host", runs_room: true });
    window.frame();
    await open();
  };
  const entry = (product: string) => {
    const found = window.all("goods-entry").find(({ dataset }) => dataset.product === product);
    if (!found) throw new Error(`there is no product ${product}`);
    return found;
  };
  const within = (product: string, testId: string) =>
    entry(product).querySelector<HTMLElement>(`[data-testid=${testId}]`);
  const button = (product: string) => entry(product).querySelector("button");
  const put = (product: string, change: Partial<ProductEntryView> = {}) => {
    const found = window.host.goods.find(({ id }) => id === product);
    if (!found) throw new Error(`there is no product ${product}`);
    window.show({ type: "product", product: { ...found, ends_at_s: 0, ...change } });
  };
  const held = () => pending<Outcome<null, ShopError>>();

  it("are listed with picture, title, price and what is left of them", async () => {
    expect(window.host.productsAsked, "nobody has asked for them yet").toBe(0);
    window.host.goods = window.host.goods.map((goods) =>
      goods.id === "bowl" ? { ...goods, title: "<b>Bowl</b>" } : goods,
    );
    await open();
    expect(window.all("goods-entry").map(({ dataset }) => dataset.product)).toEqual([
      "cup",
      "bowl",
      "vase",
      "card",
    ]);
    expect(entry("bowl").textContent).toContain("<b>Bowl</b>");
    expect(entry("bowl").textContent).toContain("¥68.00");
    expect(entry("bowl").querySelector("img")?.getAttribute("src")).toBe("/goods/bowl.webp");
    expect(within("bowl", "goods-stock")?.textContent).toBe("8 left");
    expect(within("vase", "goods-stock")?.textContent).toBe("Sold out");
    expect(within("card", "goods-stock"), "nobody counts them").toBeNull();
  });

  it("mark the one in the slot, with its price and stock as they are now", async () => {
    await open();
    put("cup");
    await window.settle();
    expect(entry("cup").dataset.shown).toBe("true");
    expect(entry("cup").textContent).toContain("On offer now");
    expect(entry("bowl").dataset.shown).toBe("false");
    put("cup", { price_minor: 2900, stock: 3 });
    expect(entry("cup").textContent).toContain("¥29.00");
    expect(within("cup", "goods-stock")?.textContent).toBe("3 left");
    window.show({ type: "product", product: NO_PRODUCT });
    expect(entry("cup").dataset.shown).toBe("false");
    expect(entry("cup").textContent).not.toContain("On offer now");
  });

  it("are asked for when the tab is opened, the slot changes or the shop opens", async () => {
    put("cup");
    window.host.pushShop({ open: false });
    window.frame();
    window.host.pushShop({ open: true });
    window.frame();
    await window.settle();
    expect(window.host.productsAsked, "nobody looks at them").toBe(0);
    await open();
    expect(window.host.productsAsked).toBe(1);
    put("cup", { stock: 3 });
    await window.settle();
    expect(window.host.productsAsked, "it is the same product").toBe(1);
    put("bowl");
    await window.settle();
    expect(window.host.productsAsked).toBe(2);
    window.host.pushShop({ open: false });
    window.frame();
    await window.settle();
    const before = window.host.productsAsked;
    window.host.pushShop({ open: true });
    window.frame();
    await window.settle();
    expect(window.host.productsAsked).toBe(before + 1);
    window.get("tab-chat").click();
    await open();
    expect(window.host.productsAsked).toBe(before + 2);
  });

  it("are those of the last answer that was asked for", async () => {
    const answers = [1, 2].map(() => pending<Outcome<ProductEntryView[], ShopError>>());
    const waiting = answers.map(({ promise }) => promise);
    vi.spyOn(window.host, "products").mockImplementation(() => waiting.shift() as never);
    await open();
    put("cup");
    answers[1]?.resolve({ status: "ok", data: window.host.goods.slice(0, 1) });
    await window.settle();
    answers[0]?.resolve({ status: "ok", data: window.host.goods });
    await window.settle();
    expect(window.all("goods-entry")).toHaveLength(1);
  });

  it("say what will come while there are none", async () => {
    window.host.goods = [];
    await open();
    expect(window.get("goods-empty").textContent).toBe(en.goodsEmpty);
  });

  it("show an outline while they are waited for, and then what is waited for", async () => {
    vi.useFakeTimers();
    const answer = pending<Outcome<ProductEntryView[], ShopError>>();
    vi.spyOn(window.host, "products").mockReturnValue(answer.promise);
    window.get("tab-goods").click();
    vi.advanceTimersByTime(399);
    expect(window.find("goods-skeleton")).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(window.find("goods-skeleton")).toBeDefined();
    expect(document.body.textContent).not.toContain(en.goodsWaiting);
    vi.advanceTimersByTime(3600);
    expect(document.body.textContent).toContain(en.goodsWaiting);
    answer.resolve({ status: "ok", data: window.host.goods });
    await window.settle();
    expect(window.find("goods-skeleton")).toBeUndefined();
    expect(window.all("goods-entry")).toHaveLength(4);
  });

  it("say why they cannot be read, and are read again on request", async () => {
    window.host.shopRefusal = AWAY;
    await open();
    expect(window.get("goods-failed").textContent).toContain(en.shopAway);
    window.host.shopRefusal = undefined;
    window.get("goods-failed").querySelector("button")?.click();
    await window.settle();
    expect(window.find("goods-failed")).toBeUndefined();
    expect(window.all("goods-entry")).toHaveLength(4);
  });

  it("stay listed when they cannot be read again", async () => {
    await open();
    window.host.shopRefusal = AWAY;
    put("bowl");
    await window.settle();
    expect(window.get("goods-failed").textContent).toContain(en.shopAway);
    expect(window.all("goods-entry")).toHaveLength(4);
    expect(entry("bowl").dataset.shown).toBe("true");
  });

  it("are recommended and taken down only by who runs the room", async () => {
    await open();
    put("cup");
    await window.settle();
    expect(window.find("recommend")).toBeUndefined();
    expect(window.find("take-down")).toBeUndefined();
    window.host.pushShop({ runs_room: true });
    window.frame();
    expect(window.all("recommend")).toHaveLength(3);
    expect(window.all("take-down")).toEqual([button("cup")]);
  });

  it("go into the slot and out of it, by a button that keeps the focus", async () => {
    await asHost();
    const bowl = button("bowl");
    bowl?.focus();
    bowl?.click();
    await window.settle();
    expect(window.host.recommended).toEqual(["bowl"]);
    expect(window.get("product-slot").dataset.productId).toBe("bowl");
    expect(button("bowl")?.dataset.testid).toBe("take-down");
    expect(document.activeElement).toBe(button("bowl"));
    window.get("take-down").click();
    await window.settle();
    expect(window.host.takenDown).toBe(1);
    expect(window.find("product-slot")).toBeUndefined();
    expect(document.activeElement).toBe(button("bowl"));
    expect(bowl, "the list that was read again has the same rows").toBe(button("bowl"));
  });

  it("take one request at a time, and say that it is on its way", async () => {
    await asHost();
    const answer = held();
    const recommend = vi.spyOn(window.host, "recommend").mockReturnValue(answer.promise);
    button("cup")?.click();
    button("cup")?.click();
    button("bowl")?.click();
    expect(recommend.mock.calls).toEqual([["cup"]]);
    expect(button("cup")?.getAttribute("aria-busy")).toBe("true");
    expect(button("bowl")?.getAttribute("aria-busy")).toBe("false");
    expect(button("bowl")?.getAttribute("aria-disabled")).toBe("true");
    answer.resolve({ status: "ok", data: null });
    await window.settle();
    expect(button("cup")?.getAttribute("aria-busy")).toBe("false");
    expect(button("bowl")?.getAttribute("aria-disabled")).toBe("false");
  });

  it("say beside the product why it could not be recommended, and lose nothing", async () => {
    await asHost();
    put("cup");
    await window.settle();
    window.host.shopRefusal = { code: "rate", info: "raw" };
    button("bowl")?.click();
    await window.settle();
    expect(within("bowl", "goods-error")?.textContent).toBe(en.shopTooFast);
    expect(window.all("goods-error")).toHaveLength(1);
    expect(window.all("goods-entry")).toHaveLength(4);
    expect(entry("cup").dataset.shown).toBe("true");
    window.host.shopRefusal = undefined;
    button("bowl")?.click();
    await window.settle();
    expect(window.find("goods-error")).toBeUndefined();
    expect(entry("bowl").dataset.shown).toBe("true");
  });
});

describe("the live status", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    cleanup();
    const host = new ScriptedHost();
    host.shop = { ...host.shop, role: "host", runs_room: true };
    window = await openWindow(SESSIONS.online, host);
    window.get("tab-goods").click();
    await window.settle();
  });

  const status = (name: string) => {
    const found = window
      .get("live-status-set")
      .querySelector<HTMLElement>(`button[data-status=${name}]`);
    if (!found) throw new Error(`there is no status ${name}`);
    return found;
  };
  const pressed = () =>
    ["live", "paused", "ended"].filter(
      (name) => status(name).getAttribute("aria-pressed") === "true",
    );

  it("is set by who runs the room, and by nobody else", async () => {
    expect(pressed()).toEqual([]);
    window.show({ type: "live_status", status: "live" });
    expect(pressed()).toEqual(["live"]);
    status("live").click();
    expect(window.host.statuses, "that is what it is").toEqual([]);
    status("paused").click();
    await window.settle();
    expect(window.host.statuses).toEqual(["paused"]);
    expect(pressed()).toEqual(["paused"]);
    window.host.pushShop({ runs_room: false });
    window.frame();
    expect(window.find("live-status-set")).toBeUndefined();
  });

  it("ends only by a second press, which is not a double click and comes soon", async () => {
    window.show({ type: "live_status", status: "live" });
    vi.useFakeTimers();
    status("ended").click();
    status("ended").click();
    expect(status("ended").textContent).toBe(en.liveEndSure);
    expect(window.host.statuses, "a double click is one press").toEqual([]);
    vi.advanceTimersByTime(5000);
    expect(status("ended").textContent).toBe(en.liveEnded);
    status("ended").click();
    expect(status("ended").dataset.sure).toBe("false");
    vi.advanceTimersByTime(600);
    expect(status("ended").dataset.sure).toBe("true");
    status("ended").click();
    vi.useRealTimers();
    await window.settle();
    expect(window.host.statuses).toEqual(["ended"]);
    expect(pressed()).toEqual(["ended"]);
  });

  it("takes one request at a time, and says why one was refused", async () => {
    const answer = pending<Outcome<null, ShopError>>();
    const set = vi.spyOn(window.host, "setLiveStatus").mockReturnValue(answer.promise);
    status("live").click();
    status("ended").click();
    expect(set.mock.calls).toEqual([["live"]]);
    expect(status("live").getAttribute("aria-busy")).toBe("true");
    expect(status("ended").getAttribute("aria-disabled")).toBe("true");
    answer.resolve({ status: "error", error: AWAY });
    await window.settle();
    expect(window.get("live-status-refused").textContent).toBe(en.shopAway);
    expect(pressed()).toEqual([]);
    set.mockResolvedValue({ status: "ok", data: null });
    status("live").click();
    await window.settle();
    expect(window.find("live-status-refused")).toBeUndefined();
  });
});
