import { beforeEach, describe, expect, it, vi } from "vitest";
import { en } from "../src/i18n/en";
import { SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

describe("the accounts in the settings", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    window = await openWindow(SESSIONS.online);
    window.get("settings-button").click();
  });

  it("say who the reader is, as soon as the shop has let them in", () => {
    window.host.pushShop({ name: "Mei <i>", user_id: "mei" });
    window.frame();
    expect(window.get("account").textContent).toBe("You are Mei <i> (mei), viewer.");
    window.host.pushShop({ role: "moderator" });
    window.frame();
    expect(window.get("account").textContent).toBe("You are Mei <i> (mei), moderator.");
    window.host.pushShop({ open: false });
    window.frame();
    expect(window.find("account")).toBeUndefined();
  });

  it("open a window as the host, except for who is the host already", async () => {
    window.get("open-host-window").click();
    await window.settle();
    expect(window.host.hostWindows).toBe(1);
    window.host.pushShop({ role: "host" });
    window.frame();
    expect(window.find("open-host-window")).toBeUndefined();
    expect(window.get("account").textContent).toContain("host");
  });

  it("say why the window could not be opened", async () => {
    const open = vi.spyOn(window.host, "openHostWindow");
    open.mockResolvedValueOnce({ status: "error", error: { code: 9001, info: "raw" } });
    window.get("open-host-window").click();
    await window.settle();
    const said = () => document.querySelector(".settings-refused")?.textContent;
    expect(said()).toBe(en.codeNotOnline);
    window.get("open-host-window").click();
    await window.settle();
    expect(said()).toBeUndefined();
    expect(window.host.hostWindows).toBe(1);
  });
});
