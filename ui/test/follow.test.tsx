import { beforeEach, describe, expect, it } from "vitest";
import { en } from "../src/i18n/en";
import { roomView, SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

describe("following the host", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    window = await openWindow(SESSIONS.online);
    window.show({ type: "room", room: roomView({ host: "The kiln" }) });
  });

  const button = () => window.get("follow");

  it("goes by one button beside the name, and back by the same", async () => {
    expect(button().textContent).toBe("Follow");
    expect(button().getAttribute("aria-label")).toBe("Follow The kiln");
    button().click();
    await window.settle();
    expect(button().textContent).toBe("Following");
    expect(button().getAttribute("aria-label")).toBe("Following The kiln");
    button().click();
    await window.settle();
    expect(button().textContent).toBe("Follow");
  });

  it("says why it did not work, and stays as it was", async () => {
    window.host.shopRefusal = { code: "away", info: "no connection" };
    button().click();
    await window.settle();
    expect(button().textContent).toBe("Follow");
    expect(window.get("follow-refused").textContent).toBe(en.shopAway);
  });

  it("is not offered to the host, nor while the shop is away", () => {
    window.host.pushShop({ runs_room: true });
    window.frame();
    expect(window.find("follow")).toBeUndefined();
    window.host.pushShop({ runs_room: false, open: false });
    window.frame();
    expect(window.find("follow")).toBeUndefined();
  });
});
