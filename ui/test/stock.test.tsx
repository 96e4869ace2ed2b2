import { beforeEach, describe, expect, it } from "vitest";
import type { ProductView } from "../src/host/host";
import { SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

describe("what is left of a product", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    window = await openWindow(SESSIONS.online);
  });
  const offer = (change: Partial<ProductView>) => {
    const product: ProductView = {
      id: "cup",
      title: "Ceramic cup",
      price_minor: 3900,
      currency: "CNY",
      picture: "demo:cup",
      ends_at_s: 0,
      counted: true,
      stock: 0,
      ...change,
    };
    window.show({ type: "product", product });
    return window.find("product-stock");
  };

  it("stands in the slot, and follows each sale", () => {
    expect(offer({ stock: 1200 })?.textContent).toBe("1,200 left");
    expect(offer({ stock: 1199 })?.textContent).toBe("1,199 left");
  });

  it("is a warning when it is little", () => {
    expect(offer({ stock: 11 })?.dataset.low).toBe("false");
    expect(offer({ stock: 10 })?.dataset.low).toBe("true");
    expect(offer({ stock: 8 })?.textContent).toBe("8 left");
  });

  it("is said in words when it is nothing", () => {
    expect(offer({ stock: 0 })?.textContent).toBe("Sold out");
  });

  it("is not said when nobody counts it", () => {
    expect(offer({ counted: false })).toBeUndefined();
  });
});
