import { cleanup } from "@solidjs/testing-library";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { isolated } from "../src/design/bounds";
import type { GiftRefusalView, Outcome, ShopError } from "../src/host/host";
import { NO_COMBO, ScriptedHost } from "../src/host/scripted";
import { en } from "../src/i18n/en";
import { pending } from "./support/pending";
import { SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

describe("the gift tray", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    window = await openWindow(SESSIONS.online);
    window.get("gift-button").click();
  });

  const kind = (gift: string) => {
    const found = window.all("gift-kind").find((label) => label.dataset.gift === gift);
    if (!found) throw new Error(`there is no gift ${gift}`);
    return found;
  };
  const radio = (gift: string) => kind(gift).querySelector("input") as HTMLInputElement;
  const choose = (gift: string) => kind(gift).click();
  const chosen = () => window.all("gift-kind").filter((label) => label.dataset.chosen === "true");
  const count = (number: number) => {
    const found = window.all("give-count").find(({ dataset }) => dataset.count === `${number}`);
    if (!found) throw new Error(`nothing gives ${number}`);
    return found;
  };
  const give = () => window.get("give");
  const refusal = () => window.find("gift-refusal")?.textContent;
  const refused = (number: number, code: string, info = ""): GiftRefusalView => ({
    number,
    gift: "rose",
    count: 1,
    error: { code, info },
  });

  it("shows what there is, with picture, title and price, and what is in the wallet", () => {
    expect(window.all("gift-kind").map((label) => label.dataset.gift)).toEqual(
      window.host.shop.gifts.map(({ id }) => id),
    );
    expect(kind("rose").textContent).toBe("Rose 1 coin");
    expect(kind("crown").textContent).toBe("Crown 1,314 coins");
    expect(kind("crown").querySelector("img")?.getAttribute("src")).toBe("/gifts/crown.svg");
    window.host.pushShop({ balance: 12_403 });
    window.frame();
    expect(window.get("balance").textContent).toBe("12,403");
    expect(window.get("balance").parentElement?.textContent).toBe("You have 12,403 coins");
  });

  it("shows a title as the text it is, and a picture of its own for any name of one", () => {
    const odd = { id: "x", title: "<b>X</b>", price: 2, art: "../x", effect: "quiet" as const };
    window.host.pushShop({ gifts: [odd] });
    window.frame();
    expect(kind("x").textContent).toBe("<b>X</b> 2 coins");
    expect(kind("x").querySelector("img")?.getAttribute("src")).toBe("/gifts/gift.svg");
  });

  it("is one group of which one gift is chosen", () => {
    const radios = window.all("gift-kind").map((label) => label.querySelector("input"));
    expect(new Set(radios.map((input) => `${input?.type} ${input?.name}`)).size).toBe(1);
    expect(radio("rose").type).toBe("radio");
    expect(radio("rose").closest("[role=radiogroup]")?.getAttribute("aria-label")).toBe("Gift");
    expect(chosen()).toEqual([kind("rose")]);
    choose("lantern");
    expect(chosen()).toEqual([kind("lantern")]);
    expect(radio("lantern").checked).toBe(true);
    expect(give().textContent).toContain("Give Lantern");
  });

  it("keeps the focus on its gift while the shop tells of itself anew", () => {
    radio("heart").focus();
    window.host.pushShop({ gifts: window.host.shop.gifts.map((gift) => ({ ...gift })) });
    window.frame();
    expect(document.activeElement).toBe(radio("heart"));
  });

  it("gives one gift with each click, and none on its own", async () => {
    choose("heart");
    for (let times = 0; times < 10; times++) give().click();
    await window.settle();
    expect(window.host.clicks).toEqual(Array.from({ length: 10 }, () => "heart"));
    expect(window.get("balance").textContent).toBe("50");
    expect(window.host.given).toEqual([]);
  });

  it("shows how the combo of the chosen gift grows, on the same button all the time", async () => {
    const button = give();
    expect(window.find("combo-count")).toBeUndefined();
    button.click();
    await window.settle();
    expect(window.get("combo-count").textContent).toBe("×1");
    button.click();
    await window.settle();
    expect(window.get("combo-count").textContent).toBe("×2");
    expect(give(), "a key that repeats goes on with it").toBe(button);
    choose("heart");
    expect(window.find("combo-count"), "that is the combo of another gift").toBeUndefined();
    choose("rose");
    expect(window.get("combo-count").textContent).toBe("×2");
    window.host.pushShop({ combo: NO_COMBO });
    window.frame();
    expect(window.find("combo-count")).toBeUndefined();
  });

  it("leaves the focus on the button that was clicked", () => {
    radio("rose").focus();
    give().dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, detail: 1 }));
    expect(document.activeElement).toBe(give());
    expect(window.host.clicks).toEqual(["rose"]);
  });

  it("gives from the keyboard, also straight from the gift that is chosen", () => {
    expect(document.activeElement, "it opens on the gift").toBe(radio("rose"));
    expect(give().getAttribute("type"), "Enter on a gift presses it").toBe("submit");
    expect(give().closest("form")).toBe(radio("rose").form);
    window.press("Enter");
    expect(document.activeElement, "the composer does not take the key").toBe(radio("rose"));
    give().closest("form")?.requestSubmit();
    expect(window.host.clicks).toEqual(["rose"]);
  });

  it("gives once for a key that is held", () => {
    const held = new KeyboardEvent("keydown", {
      key: "Enter",
      repeat: true,
      bubbles: true,
      cancelable: true,
    });
    give().dispatchEvent(held);
    expect(held.defaultPrevented, "the browser makes no click of it").toBe(true);
  });

  it("gives a number that was chosen in advance, once for each press", async () => {
    const answer = pending<Outcome<null, ShopError>>();
    const giveGifts = vi.spyOn(window.host, "giveGifts").mockReturnValue(answer.promise);
    expect(window.all("give-count").map(({ dataset }) => dataset.count)).toEqual([
      "10",
      "66",
      "99",
    ]);
    count(66).click();
    count(66).click();
    count(10).click();
    expect(giveGifts.mock.calls).toEqual([["rose", 66]]);
    expect(count(66).getAttribute("aria-busy")).toBe("true");
    expect(count(10).getAttribute("aria-disabled")).toBe("true");
    answer.resolve({ status: "ok", data: null });
    await window.settle();
    expect(count(66).getAttribute("aria-busy")).toBe("false");
    count(10).click();
    expect(giveGifts).toHaveBeenLastCalledWith("rose", 10);
    expect(window.host.clicks).toEqual([]);
  });

  it("says what is missing instead of giving what is too dear", () => {
    choose("coffee");
    window.host.pushShop({ balance: 9 });
    window.frame();
    expect(give().getAttribute("aria-disabled")).toBe("true");
    expect(give().hasAttribute("disabled"), "it can be reached and read").toBe(false);
    expect(give().textContent).toContain("1 more coin needed");
    give().click();
    count(10).click();
    expect(window.host.clicks).toEqual([]);
    expect(window.host.given).toEqual([]);
    expect(count(10).getAttribute("aria-label")).toBe(
      `Give ${isolated("Coffee")} × 10: 91 more coins needed`,
    );
    window.host.pushShop({ balance: 100 });
    window.frame();
    expect(give().getAttribute("aria-disabled")).toBe("false");
    expect(count(10).getAttribute("aria-label")).toBe(`Give ${isolated("Coffee")} × 10: 100 coins`);
    expect(count(66).getAttribute("aria-disabled")).toBe("true");
    give().click();
    count(10).click();
    expect(window.host.clicks).toEqual(["coffee"]);
  });

  it("fills up the wallet where the shop lets people do that", async () => {
    expect(window.get("top-up").textContent).toBe("Top up 1,000 coins");
    window.get("top-up").click();
    await window.settle();
    expect(window.host.topUps).toEqual([1000]);
    expect(window.get("balance").textContent).toBe("1,100");
    window.host.pushShop({ may_top_up: false });
    window.frame();
    expect(window.find("top-up")).toBeUndefined();
  });

  it("says why gifts were not given, until the reader gives again", async () => {
    expect(refusal()).toBeUndefined();
    window.host.pushShop({ refusal: refused(1, "not_live", "raw") });
    window.frame();
    expect(refusal()).toBe(en.giftNotLive);
    expect(window.get("news").textContent).toBe(refusal());
    give().click();
    await window.settle();
    expect(refusal(), "it was seen").toBeUndefined();
    window.host.pushShop({ balance: 50 });
    window.frame();
    expect(refusal()).toBeUndefined();
    window.host.pushShop({ refusal: refused(2, "not_live") });
    window.frame();
    expect(refusal(), "it happened again").toBe(en.giftNotLive);
  });

  it("says what the call itself came back with", async () => {
    window.host.shopRefusal = { code: "away", info: "raw" };
    give().click();
    await window.settle();
    expect(refusal()).toBe(en.giftAway);
    window.host.shopRefusal = { code: "house_rule", info: "Roses are out of season." };
    count(10).click();
    await window.settle();
    expect(refusal()).toBe(isolated("Roses are out of season."));
    window.host.shopRefusal = { code: "away", info: "raw" };
    window.get("top-up").click();
    await window.settle();
    expect(refusal(), "nothing was to be paid").toBe(en.shopAway);
    window.host.shopRefusal = undefined;
    give().click();
    await window.settle();
    expect(refusal()).toBeUndefined();
  });

  it("keeps what was refused while it was closed, and shows nothing that is old", async () => {
    window.get("gift-button").click();
    window.host.pushShop({ refusal: refused(1, "unclear") });
    window.frame();
    window.get("gift-button").click();
    expect(refusal()).toBe(en.giftUnclear);
    window.get("gift-button").click();
    window.get("gift-button").click();
    expect(refusal()).toBeUndefined();
    cleanup();
    const host = new ScriptedHost();
    host.shop = { ...host.shop, refusal: refused(7, "balance") };
    window = await openWindow(SESSIONS.online, host);
    window.get("gift-button").click();
    expect(refusal(), "it was refused before the window was opened").toBeUndefined();
    host.pushShop({ refusal: refused(8, "balance") });
    window.frame();
    expect(refusal()).toBe(en.giftBalanceTopUp);
    host.pushShop({ may_top_up: false });
    window.frame();
    expect(refusal(), "there is no way to").toBe(en.giftBalance);
  });

  it("opens and closes on G, and gives the focus back", () => {
    window.press("g");
    expect(window.find("gift-tray"), "also while a gift has the focus").toBeUndefined();
    expect(document.activeElement).toBe(window.get("gift-button"));
    window.press("g");
    expect(window.get("gift-tray").contains(document.activeElement)).toBe(true);
    expect(window.get("gift-button").getAttribute("aria-expanded")).toBe("true");
    give().focus();
    window.press("Escape");
    expect(window.find("gift-tray")).toBeUndefined();
    expect(document.activeElement).toBe(window.get("gift-button"));
    const keys = [...document.querySelectorAll(".shortcut")].map((line) => line.textContent);
    expect(keys, "the list of shortcuts has it").toContain("GGifts");
    window.get("composer").focus();
    window.press("g");
    expect(window.find("gift-tray"), "who types a letter opens nothing").toBeUndefined();
  });

  it("closes on a press elsewhere, and remembers the gift that was chosen", () => {
    choose("cake");
    window.get("gift-tray").dispatchEvent(new Event("pointerdown", { bubbles: true }));
    expect(window.find("gift-tray")).toBeDefined();
    window.get("chat-list").dispatchEvent(new Event("pointerdown", { bubbles: true }));
    expect(window.find("gift-tray")).toBeUndefined();
    window.press("g");
    expect(chosen()).toEqual([kind("cake")]);
    window.host.pushShop({ gifts: window.host.shop.gifts.slice(0, 3) });
    window.frame();
    expect(chosen(), "there is none any more").toEqual([kind("rose")]);
  });

  it("says that the shop is not there, and shows it when it is back", () => {
    window.host.pushShop({ open: false });
    window.frame();
    expect(window.get("gift-tray").textContent).toBe(en.giftShopAway);
    expect(window.find("give")).toBeUndefined();
    window.host.pushShop({ open: true });
    window.frame();
    expect(window.find("give")).toBeDefined();
    expect(document.body.textContent).not.toContain(en.giftShopAway);
  });

  it("says that the shop is away, and opens it when it is back", async () => {
    cleanup();
    const host = new ScriptedHost();
    host.shop = { ...host.shop, open: false };
    window = await openWindow(SESSIONS.online, host);
    window.press("g");
    expect(window.get("gift-tray").contains(document.activeElement)).toBe(true);
    expect(window.get("gift-tray").textContent).toContain(en.giftShopAway);
    host.pushShop({ open: true });
    window.frame();
    expect(window.find("give")).toBeDefined();
  });

  it("gives every control a name", () => {
    for (const control of window.get("gift-tray").querySelectorAll("button, input")) {
      const name =
        control.getAttribute("aria-label") || (control.closest("label") ?? control).textContent;
      expect(name?.trim(), control.outerHTML).toBeTruthy();
    }
  });
});

describe("the banner of a gift", () => {
  it("has the picture that the shop gives it, or one that stands for any gift", async () => {
    const window = await openWindow(SESSIONS.online);
    const banner = {
      id: 1,
      user_id: "mei",
      name: "Mei",
      level: 3,
      gift: "lamp",
      title: "Lamp",
      count: 2,
      price: 1,
      effect: "banner" as const,
      own: false,
    };
    window.show({ type: "gift_banners", banners: [banner] });
    const picture = () => window.get("gift-banner").querySelector("img");
    expect(picture()?.getAttribute("src")).toBe("/gifts/gift.svg");
    expect(picture()?.getAttribute("alt")).toBe("");
    const [rose] = window.host.shop.gifts;
    if (!rose) throw new Error("no gift");
    window.host.pushShop({ gifts: [{ ...rose, id: "lamp", art: "lantern" }] });
    window.frame();
    expect(picture()?.getAttribute("src")).toBe("/gifts/lantern.svg");
    expect(window.get("gift-banner").textContent).toBe("MeiLamp×2");
  });
});
