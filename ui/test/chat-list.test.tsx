import { beforeEach, describe, expect, it } from "vitest";
import { hueOf } from "../src/design/hue";
import { ROW_BUDGET, RowHeights, windowFromBottom } from "../src/parts/chat/virtual";
import { layOut } from "./support/layout";
import { chatRow, chatRows, SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

describe("the chat list", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    window = await openWindow(SESSIONS.online);
  });

  const texts = () => window.all("chat-text").map((element) => element.textContent);
  const scrollTo = (distance: number) => {
    const list = window.get("chat-list");
    list.scrollTop = -distance;
    list.dispatchEvent(new Event("scroll"));
  };

  it("says what will appear while it is empty", () => {
    expect(document.body.textContent).toContain("What people say appears here.");
    window.show({ type: "chat", rows: chatRows(0, 1) });
    expect(document.body.textContent).not.toContain("What people say appears here.");
  });

  it("tells gifts and products from what somebody says", () => {
    const rows = [
      chatRow({ key: "1", kind: "gift", name: "Mei", text: "Rose ×3" }),
      chatRow({ key: "2", kind: "product", name: "Assistant", text: "Cup" }),
      chatRow({ key: "3", name: "Bo", text: "so pretty" }),
    ];
    window.show({ type: "chat", rows });
    const labels = window.all("chat-row").map((row) => row.querySelector(".chat-label"));
    const words = labels.map((label) => label?.textContent);
    expect(words).toEqual(["gave", "now on offer:", undefined]);
    expect(texts()).toEqual(["Rose ×3", "Cup", "so pretty"]);
  });

  it("keeps the newest comment in view while the reader is at the bottom", () => {
    window.show({ type: "chat", rows: chatRows(0, 300) });
    expect(texts().at(-1)).toBe("line 299");
    window.show({ type: "chat", rows: chatRows(300, 5) });
    expect(texts().at(-1)).toBe("line 304");
    expect(window.find("new-messages")).toBeUndefined();
  });

  it("stands still when the reader scrolls up, and counts what is new", () => {
    window.show({ type: "chat", rows: chatRows(0, 300) });
    scrollTo(500);
    const before = texts();
    window.show({ type: "chat", rows: chatRows(300, 8) });
    expect(texts()).toEqual(before);
    expect(window.get("chat-list").dataset.held, "the scroll bar is drawn").toBe("true");
    expect(window.get("new-messages").textContent).toContain("8 new messages");
    window.show({ type: "chat", rows: chatRows(308, 2) });
    expect(window.get("new-messages").textContent).toContain("10 new messages");
  });

  it("takes away what was taken back, also from under a reader who has scrolled up", () => {
    window.show({ type: "chat", rows: chatRows(0, 300) });
    scrollTo(500);
    const [gone] = texts().slice(10);
    const key = `k${gone?.split(" ")[1]}`;
    window.show({ type: "chat_removed", keys: [key] });
    expect(texts()).not.toContain(gone);
    expect(window.get("chat-list").dataset.held).toBe("true");
  });

  it("jumps to the newest comment from there and sticks again", () => {
    window.show({ type: "chat", rows: chatRows(0, 300) });
    scrollTo(500);
    window.show({ type: "chat", rows: chatRows(300, 8) });
    window.get("new-messages").click();
    expect(window.get("chat-list").scrollTop).toBe(0);
    expect(window.get("chat-list").dataset.held).toBe("false");
    expect(texts().at(-1)).toBe("line 307");
    expect(window.find("new-messages")).toBeUndefined();
    window.show({ type: "chat", rows: chatRows(308, 1) });
    expect(texts().at(-1)).toBe("line 308");
  });

  it("sticks again when the reader scrolls back down", () => {
    window.show({ type: "chat", rows: chatRows(0, 300) });
    scrollTo(500);
    window.show({ type: "chat", rows: chatRows(300, 3) });
    scrollTo(0);
    expect(texts().at(-1)).toBe("line 302");
    expect(window.find("new-messages")).toBeUndefined();
  });

  it("returns to the bottom when the reader says something", async () => {
    window.show({ type: "chat", rows: chatRows(0, 300) });
    scrollTo(500);
    window.compose("here I am");
    window.get("send").click();
    await window.settle();
    expect(texts().at(-1)).toBe("here I am");
  });

  it("shows other rows as the reader scrolls, never more than its budget", () => {
    window.show({ type: "chat", rows: chatRows(0, 1000) });
    scrollTo(14_000);
    const shown = texts();
    expect(shown).not.toContain("line 999");
    expect(shown).toContain("line 490");
    expect(shown.length).toBeLessThanOrEqual(ROW_BUDGET);
  });

  it("keeps the place when rows below it turn out taller than guessed", () => {
    window.show({ type: "chat", rows: chatRows(0, 300) });
    for (const row of window.all("chat-row")) layOut(row, 300, 28);
    scrollTo(500);
    const before = window.get("chat-list").scrollTop;
    const last = window.all("chat-row").at(-1);
    if (!last) throw new Error("no row");
    layOut(last, 300, 68);
    expect(window.get("chat-list").scrollTop).toBe(before - 40);
  });

  it("starts anew when the list is replaced", () => {
    window.show({ type: "chat", rows: chatRows(0, 300) });
    scrollTo(500);
    window.show({ type: "chat_reset", rows: chatRows(1000, 2) });
    expect(texts()).toEqual(["line 1000", "line 1001"]);
    expect(window.find("new-messages")).toBeUndefined();
  });

  it("shows markup as the text it is", () => {
    const text = '<img src=x onerror="alert(1)"><b>bold</b> &amp;';
    window.show({ type: "chat", rows: [chatRow({ key: "m", text, name: "<i>Guest</i>" })] });
    expect(texts()).toEqual([text]);
    const row = window.get("chat-row");
    expect(row.querySelector("img, b, i")).toBeNull();
    expect(row.textContent).toContain("<i>Guest</i>");
  });

  it("is a log that leaves speaking to the live region", () => {
    const list = window.get("chat-list");
    expect(list.getAttribute("role")).toBe("log");
    expect(list.getAttribute("aria-live")).toBe("off");
    expect(window.get("news").getAttribute("aria-live")).toBe("polite");
    expect(window.get("own-news").getAttribute("aria-live")).toBe("assertive");
  });
});

describe("the rows that are rendered", () => {
  it("cover the visible part and the spacers stand for all others", () => {
    const heights = Array.from({ length: 500 }, (_, index) => 20 + (index % 5) * 12);
    const sum = (from: number, to: number) =>
      heights.slice(from, to).reduce((total, height) => total + height, 0);
    for (const offset of [0, 333, 5000, 50_000]) {
      const view = { offset, height: 700, margin: 100 };
      const rows = windowFromBottom(500, (index) => heights[index] ?? 0, view);
      expect(rows.below).toBe(sum(rows.end, 500));
      expect(rows.above).toBe(sum(0, rows.start));
      if (offset > sum(0, 500)) continue;
      expect(rows.below).toBeLessThanOrEqual(Math.max(0, offset));
      expect(rows.below + sum(rows.start, rows.end)).toBeGreaterThanOrEqual(offset + 700);
    }
  });

  it("are guessed at the average of the measured ones", () => {
    const heights = new RowHeights();
    heights.set("a", 20);
    heights.set("b", 40);
    expect(heights.get("unknown")).toBe(30);
    expect(heights.set("b", 40)).toBe(false);
    heights.keepOnly(["a"]);
    expect(heights.get("b")).toBe(20);
  });
});

describe("the hue of a name", () => {
  it("is one of twelve, always the same for the same person, and used evenly", () => {
    const uses = new Array<number>(12).fill(0);
    for (let id = 0; id < 1200; id++) {
      const hue = hueOf(`guest-${id}`);
      expect(hueOf(`guest-${id}`)).toBe(hue);
      uses[hue] = (uses[hue] ?? 0) + 1;
    }
    expect(Math.min(...uses)).toBeGreaterThan(50);
  });
});
