import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import { describe, expect, it, vi } from "vitest";
import type { RoomEvent } from "../src/host/host";
import { LANGUAGES, type Language } from "../src/i18n";
import { chatRow, roomView, SESSIONS } from "./support/rows";
import { openWindow } from "./support/window";

/** What cannot be told without a layout is looked for in a browser. */
const WITHOUT_LAYOUT: axe.RunOptions = {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  rules: { "color-contrast": { enabled: false }, "target-size": { enabled: false } },
  resultTypes: ["violations"],
};

async function violations(): Promise<string[]> {
  const { violations } = await axe.run(document, WITHOUT_LAYOUT);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

const product = {
  id: "1",
  title: "Cup",
  price_minor: 3900,
  currency: "CNY",
  picture: "",
  ends_at_s: Math.floor(Date.now() / 1000) + 600,
  counted: true,
  stock: 3,
};
const draw = {
  draw: "1",
  keyword: "kiln",
  prize: "Vase",
  winners: 3,
  ends_at_s: Math.floor(Date.now() / 1000) + 600,
  commitment: "",
  min_level: 3,
  must_have_gifted: false,
  must_follow: false,
};
const result = {
  draw: "0",
  prize: "Cup",
  entrants: 9,
  winners: Array.from({ length: 9 }, (_, at) => ({ user_id: `${at}`, name: `n${at}`, own: false })),
  seed: "5eed",
  commitment: "c0ffee",
};

const EVENTS: RoomEvent[] = [
  { type: "room", room: roomView() },
  { type: "live_status", status: "live" },
  { type: "online", count: 12 },
  { type: "product", product },
  { type: "draws", draws: { open: [draw], results: [result] } },
  { type: "announcements", broadcasts: [{ id: "1", text: "News", time_ms: Date.now() }] },
  {
    type: "chat",
    rows: [
      chatRow({ key: "1" }),
      chatRow({ key: "2", own: true, state: "failed", code: 10017 }),
      chatRow({ key: "3", own: true, state: "sending" }),
    ],
  },
];

/** Reading styles takes its time where nothing is laid out. */
describe("the window", { timeout: 60_000 }, () => {
  const open = async (language: Language) => {
    localStorage.setItem("liveroom.settings", JSON.stringify({ language }));
    const window = await openWindow(SESSIONS.online);
    window.show(...EVENTS);
    return window;
  };

  it.each(LANGUAGES)("has nothing that shuts anybody out, in %s", async (language) => {
    await open(language);
    expect(await violations()).toEqual([]);
  });

  it("has nothing of the kind where the host's goods and the settings are", async () => {
    const window = await open("en");
    window.host.pushShop({ runs_room: true });
    window.frame();
    window.get("tab-goods").click();
    window.get("settings-button").click();
    await window.settle();
    expect(await violations()).toEqual([]);
  });

  it("has nothing of the kind where gifts are chosen", async () => {
    const window = await open("en");
    window.get("gift-button").click();
    expect(await violations()).toEqual([]);
  });

  it("has nothing of the kind in the list of shortcuts", async () => {
    const window = await open("en");
    window.press("?");
    expect(await violations()).toEqual([]);
  });

  it("has nothing of the kind when a part, or all of it, has stopped", async () => {
    const window = await open("en");
    window.show({ type: "chat", rows: [chatRow({ key: "x", text: undefined as never })] });
    expect(window.find("part-stopped")).toBeDefined();
    expect(await violations()).toEqual([]);
    window.show({ type: "room", room: roomView({ name: undefined as never, host: 5 as never }) });
    expect(window.find("crash")).toBeDefined();
    expect(await violations()).toEqual([]);
  });

  it("is really looked at: a button without a name is found", async () => {
    const window = await open("en");
    window.get("send").removeAttribute("aria-label");
    window.get("send").removeAttribute("title");
    expect((await violations()).join()).toContain("button-name");
  });
});

describe("what waits for a pause to be said", () => {
  it("is said in one place, whatever happens", async () => {
    vi.useFakeTimers();
    const window = await openWindow(SESSIONS.online);
    window.show({ type: "room", room: roomView() });
    window.host.shopRefusal = { code: "away", info: "" };
    window.get("follow").click();
    window.get("gift-button").click();
    await window.settle();
    window.get("give").click();
    window.show({ type: "live_status", status: "paused" });
    await window.settle();
    const said: string[] = [];
    for (let pause = 0; pause < 4; pause++) {
      said.push(window.get("news").textContent ?? "");
      vi.advanceTimersByTime(3000);
    }
    const seen = ["follow-refused", "gift-refusal", "stage-status"].map(
      (id) => window.get(id).textContent,
    );
    for (const words of seen) expect(said).toContain(words);
    const polite = document.querySelectorAll("[role=status], [aria-live=polite]");
    expect([...polite]).toEqual([window.get("news")]);
  });

  it("is the only such place in the source", () => {
    const source = join(import.meta.dirname, "../src");
    const saying = readdirSync(source, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".tsx"))
      .filter((name) => /role="status"|polite"/.test(readFileSync(join(source, name), "utf8")));
    expect(saying).toEqual([join("design", "LiveRegions.tsx")]);
  });
});
