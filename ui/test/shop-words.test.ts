import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isolated } from "../src/design/bounds";
import { en } from "../src/i18n/en";
import { zh } from "../src/i18n/zh";
import { giftPicture } from "../src/parts/gifts/picture";
import { giftErrorWords, shopErrorWords } from "../src/room/shop-words";

const GIFT_CODES = [
  "balance",
  "not_live",
  "away",
  "unclear",
  "outbox_full",
  "outbox_full_everywhere",
  "rate",
  "busy",
];
const SHOP_CODES = ["away", "unclear", "rate", "busy"];

describe("what the shop refused", () => {
  it("is told in the reader's language where the window knows the code", () => {
    for (const code of GIFT_CODES) {
      const error = { code, info: "raw" };
      expect(giftErrorWords(en, error, true)).not.toBe("raw");
      expect(giftErrorWords(zh, error, true)).toMatch(/\p{Script=Han}/u);
    }
    for (const code of SHOP_CODES) {
      expect(shopErrorWords(zh, { code, info: "raw" })).toMatch(/\p{Script=Han}/u);
    }
  });

  it("is told with the shop's sentence otherwise, or at least the code", () => {
    for (const say of [shopErrorWords, giftErrorWords]) {
      expect(say(zh, { code: "season", info: "out of season" }, true)).toBe(
        isolated("out of season"),
      );
      expect(say(en, { code: "season", info: "" }, true)).toContain("season");
    }
  });

  it("says of a gift that nothing was paid, except when nobody knows", () => {
    for (const code of ["not_live", "away", "outbox_full", "outbox_full_everywhere", "rate"]) {
      expect(giftErrorWords(en, { code, info: "" }, true)).toContain("Nothing was paid");
    }
    expect(giftErrorWords(en, { code: "unclear", info: "" }, true)).not.toContain("Nothing");
  });
});

describe("the picture of a gift", () => {
  const folder = join(import.meta.dirname, "../public");
  const ARTS = ["rose", "heart", "coffee", "lantern", "cake", "fireworks", "rocket", "crown"];

  it("comes from the window itself, whatever the shop calls it", () => {
    for (const art of ARTS) expect(giftPicture(art)).toBe(`/gifts/${art}.svg`);
    for (const art of ["", "gift", "../secret", "https://elsewhere.example/a", "constructor"]) {
      expect(giftPicture(art)).toBe("/gifts/gift.svg");
    }
  });

  it("is there, and is a picture and nothing else", () => {
    for (const art of [...ARTS, "gift"]) {
      const file = join(folder, `gifts/${art}.svg`);
      expect(existsSync(file), art).toBe(true);
      const picture = new DOMParser().parseFromString(readFileSync(file, "utf8"), "image/svg+xml");
      expect(picture.documentElement.getAttribute("viewBox")).toBe("0 0 48 48");
      expect(picture.querySelector("script, style, text, image, a, [href], [style]")).toBeNull();
      expect(picture.querySelectorAll("path, circle, ellipse, rect").length).toBeGreaterThan(2);
    }
  });
});
