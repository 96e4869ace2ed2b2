import { describe, expect, it } from "vitest";
import { timeLeft } from "../src/i18n/countdown";
import { figures } from "../src/i18n/figures";
import { pictureSource } from "../src/parts/goods/picture";

describe("a price", () => {
  it("has as many digits as its currency", () => {
    expect(figures("zh-Hans-CN").price(3900, "CNY")).toBe("¥39.00");
    expect(figures("en").price(3900, "CNY")).toBe("¥39.00");
    expect(figures("en").price(3900, "JPY")).toBe("¥3,900");
    expect(figures("en").price(12345, "KWD")).toMatch(/12\.345$/);
    expect(figures("en").price(5, "USD")).toBe("$0.05");
  });

  it("has no marks of direction in it, which would turn its parts round", () => {
    const price = figures("ar-u-nu-latn").price(3900, "CNY");
    expect(price).toMatch(/39\.00/);
    expect(price).not.toMatch(/[\u200e\u200f]/);
  });

  it("is shown as it came when the currency is not one", () => {
    expect(figures("en").price(3900, "")).toBe("3900");
    expect(figures("en").price(3900, "points!")).toBe("3900 points!");
  });
});

describe("the countdown of an offer", () => {
  it("counts minutes and seconds, and hours where there are any", () => {
    expect(timeLeft(1000, (1000 - 761) * 1000)).toBe("12:41");
    expect(timeLeft(10_000, (10_000 - 3723) * 1000)).toBe("1:02:03");
    expect(timeLeft(1000, 999_100)).toBe("00:01");
  });

  it("is over when the time has come", () => {
    expect(timeLeft(1000, 1_000_000)).toBeUndefined();
  });
});

describe("the picture of a product", () => {
  it("comes from the window itself", () => {
    expect(pictureSource("")).toBeUndefined();
    expect(pictureSource("demo:cup")).toBe("/goods/cup.webp");
    expect(pictureSource("demo:bowl")).toBe("/goods/bowl.webp");
    expect(pictureSource("demo:vase")).toBe("/goods/vase.webp");
    expect(pictureSource("demo:toString")).toBeUndefined();
    expect(pictureSource("constructor")).toBeUndefined();
    expect(pictureSource("/\\elsewhere.example/a.png")).toBeUndefined();
    expect(pictureSource("/goods/vase.webp")).toBe("/goods/vase.webp");
    expect(pictureSource("//elsewhere.example/a.png")).toBeUndefined();
    expect(pictureSource("https://elsewhere.example/a.png")).toBeUndefined();
  });
});
