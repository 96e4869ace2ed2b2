import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { speech } from "../src/i18n";
import { SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

const SOURCE = join(import.meta.dirname, "../src");

describe("a window in a language that runs from the right to the left", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    localStorage.setItem("liveroom.settings", JSON.stringify({ language: "ar" }));
    window = await openWindow(SESSIONS.online);
  });
  afterEach(() => {
    document.documentElement.removeAttribute("dir");
  });

  it("runs that way as a whole, and back again with another language", () => {
    const { words } = speech("ar");
    const { lang, dir } = document.documentElement;
    expect([lang, dir]).toEqual(["ar", "rtl"]);
    expect(window.get("connection").textContent).toContain(words.online);
    window.get("settings-button").click();
    const select = window.get<HTMLSelectElement>("language");
    expect([...select.options].map((option) => option.lang)).toEqual(["en", "zh-Hans-CN", "ar"]);
    select.value = "en";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    expect(document.documentElement.dir).toBe("ltr");
  });

  it("has the edge of the panel move the way it is pulled", () => {
    const splitter = document.querySelector<HTMLElement>(".splitter");
    splitter?.focus();
    window.press("ArrowRight");
    expect(splitter?.getAttribute("aria-valuenow"), "the panel is on the left").toBe("356");
    window.press("ArrowLeft");
    window.press("ArrowLeft");
    expect(splitter?.getAttribute("aria-valuenow")).toBe("324");
  });

  it("has its tabs in the other order for the arrow keys, too", () => {
    window.get("tab-chat").focus();
    window.press("ArrowLeft");
    expect(document.activeElement).toBe(window.get("tab-goods"));
    window.press("ArrowRight");
    expect(document.activeElement).toBe(window.get("tab-chat"));
  });
});

describe("the style sheets", () => {
  const sheets = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".css"))
    .map((name) => {
      const text = readFileSync(join(SOURCE, name), "utf8").replace(/\/\*.*?\*\//gs, "");
      return { name, text };
    });
  const SIDES =
    /(?:^|[\s;{-])(?:left|right)\s*:|-(?:left|right)(?:-\w+)*\s*:|:\s*(?:left|right)\b/m;
  /** Rules that name all four sides by themselves. */
  const uneven = (text: string) =>
    [...text.matchAll(/(?:margin|padding|inset|border-width)\s*:([^;]*);/g)].filter(
      ([, values]) => {
        const flat = (values ?? "").replace(/\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/g, "()");
        return flat.trim().split(/\s+/).length === 4;
      },
    );

  it("say start and end, where left and right would be right in one direction only", () => {
    expect(sheets.length).toBeGreaterThan(10);
    for (const { name, text } of sheets) {
      expect(text, name).not.toMatch(SIDES);
      expect(uneven(text), name).toEqual([]);
    }
    for (const rule of ["margin-left: 0;", "left: 0;", "text-align: right;", "border-right: 0;"]) {
      expect(rule).toMatch(SIDES);
    }
    expect(uneven("padding: 0 var(--a) calc(2 * (var(--b) - 1)) 0;")).toHaveLength(1);
  });

  it("move along the line, not to one side of the screen", () => {
    for (const { name, text } of sheets) {
      for (const [move] of text.matchAll(/translate(?:X)?\([^;]*;/g)) {
        const sideways = !/^translate\(0, 0\)/.test(move);
        expect(!sideways || move.includes("var(--forward)"), `${name}: ${move}`).toBe(true);
      }
    }
  });
});
