import { cleanup } from "@solidjs/testing-library";
import { beforeEach, describe, expect, it } from "vitest";
import { parseRemembered } from "../src/settings/settings";
import { SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

describe("the shortcuts", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    window = await openWindow(SESSIONS.online);
  });
  const dialog = () => document.querySelector("dialog");
  const theatre = () => document.querySelector<HTMLElement>(".app")?.dataset.theatre;
  const key = (id: string) => window.get(`key-${id}`);
  /** Opens the list, gives a shortcut another key, and closes the list. */
  const change = (id: string, pressed: string) => {
    window.press("?");
    key(id).focus();
    key(id).click();
    window.press(pressed);
    dialog()?.close();
    key(id).blur();
  };

  it("get the key that the reader gives them, at once and the next time", async () => {
    change("theatre", "Z");
    expect(key("theatre").textContent).toBe("Z");
    window.press("t");
    expect(theatre()).toBe("false");
    window.press("z");
    expect(theatre()).toBe("true");
    expect(document.querySelector("[aria-keyshortcuts=Z]")?.getAttribute("title")).toContain("(Z)");
    cleanup();
    window = await openWindow(SESSIONS.online);
    window.press("z");
    expect(theatre()).toBe("true");
  });

  it("never share one: who had it gets the other's", () => {
    change("theatre", "l");
    expect(key("theatre").textContent).toBe("L");
    expect(key("like").textContent).toBe("T");
    window.press("t");
    expect(window.host.likes).toBe(1);
    window.press("l");
    expect(theatre()).toBe("true");
  });

  it("can be without a key, and get all of theirs back", () => {
    change("like", "Delete");
    expect(key("like").textContent).toBe("–");
    window.press("l");
    expect(window.host.likes).toBe(0);
    expect(window.get("like").hasAttribute("aria-keyshortcuts")).toBe(false);
    expect(window.get("like").title).toBe("Like");
    window.get("keys-reset").click();
    window.press("l");
    expect(window.host.likes).toBe(1);
  });

  it("are left as they are by Escape, by Tab and by keys that type nothing", () => {
    window.press("?");
    key("like").focus();
    key("like").click();
    window.press("F5");
    window.press("Shift");
    expect(key("like").getAttribute("aria-pressed")).toBe("true");
    window.press("Escape");
    expect(key("like").getAttribute("aria-pressed")).toBe("false");
    expect(key("like").textContent).toBe("L");
    expect(dialog()?.open, "the key was the button's").toBe(true);
    key("like").click();
    key("like").blur();
    expect(key("like").getAttribute("aria-pressed")).toBe("false");
  });

  it("of single keys can be switched off; Enter and Escape type nothing and stay", async () => {
    window.press("?");
    window.get<HTMLInputElement>("keys-on").click();
    dialog()?.close();
    window.get("keys-on").blur();
    for (const pressed of ["l", "t", "?", "d"]) window.press(pressed);
    expect(window.host.likes).toBe(0);
    expect(theatre()).toBe("false");
    expect(dialog()?.open).toBe(false);
    expect(document.querySelector("[aria-keyshortcuts]")).toBeNull();
    window.press("Enter");
    expect(document.activeElement).toBe(window.get("composer"));
    window.press("Escape");
    expect(document.activeElement).toBe(document.body);
    cleanup();
    window = await openWindow(SESSIONS.online);
    window.press("l");
    expect(window.host.likes, "it is remembered").toBe(0);
  });

  it("are read back with care", () => {
    const keys = { like: "x", theatre: "", mute: "two keys", "no id!": "a", play: 5, panel: " " };
    expect(parseRemembered(JSON.stringify({ keysOn: false, keys }))).toMatchObject({
      keysOn: false,
      keys: { like: "x", theatre: "", play: "5" },
    });
    expect(parseRemembered('{"keys":{"mute":"two keys"}}').keys).toEqual({});
    expect(parseRemembered('{"keys":null,"keysOn":1}')).toEqual(parseRemembered(null));
  });
});
