import { beforeEach, describe, expect, it } from "vitest";
import { en } from "../src/i18n/en";
import { zh } from "../src/i18n/zh";
import { Ticker } from "../src/parts/danmaku/ticker";
import { ANNOUNCE_EVERY_MS, Announcer } from "../src/parts/news/announcer";
import { chatRow, chatRows } from "./support/rows";

/** A clock that runs when it is told to. */
function handClock() {
  let now = 0;
  let due: { at: number; run: () => void }[] = [];
  return {
    timing: {
      now: () => now,
      after(ms: number, run: () => void) {
        const entry = { at: now + ms, run };
        due.push(entry);
        return () => {
          due = due.filter((other) => other !== entry);
        };
      },
    },
    pass(ms: number) {
      now += ms;
      const ready = due.filter((entry) => entry.at <= now);
      due = due.filter((entry) => entry.at > now);
      for (const { run } of ready) run();
    },
  };
}

describe("what a screen reader hears of the chat", () => {
  let said: string[];
  let clock: ReturnType<typeof handClock>;
  beforeEach(() => {
    said = [];
    clock = handClock();
  });

  it("is at most one sentence in three seconds, however much is said", () => {
    const announcer = new Announcer(
      clock.timing,
      () => en,
      (sentence) => said.push(sentence),
    );
    for (let ms = 0; ms < 30_000; ms += 100) {
      announcer.heard(chatRows(ms, 5));
      clock.pass(100);
    }
    expect(said.length).toBeGreaterThan(8);
    expect(said.length).toBeLessThanOrEqual(30_000 / ANNOUNCE_EVERY_MS + 1);
  });

  it("is the count and the newest comment, or just the one there is", () => {
    let words = en;
    const announcer = new Announcer(
      clock.timing,
      () => words,
      (sentence) => said.push(sentence),
    );
    announcer.heard([chatRow({ key: "1", name: "Guest 4", text: "so pretty" })]);
    clock.pass(0);
    announcer.heard(chatRows(0, 14));
    clock.pass(3000);
    words = zh;
    announcer.heard(chatRows(0, 2));
    clock.pass(3000);
    expect(said).toEqual([
      "Guest 4: so pretty",
      "14 new comments; Guest 1: line 13",
      "2 条新评论；Guest 1：line 1",
    ]);
  });

  it("leaves out what the reader said", () => {
    const announcer = new Announcer(
      clock.timing,
      () => en,
      (sentence) => said.push(sentence),
    );
    announcer.heard([chatRow({ key: "1", own: true })]);
    clock.pass(10_000);
    expect(said).toEqual([]);
  });
});

describe("the ticker", () => {
  it("changes at most every two seconds and then shows the newest line", () => {
    const clock = handClock();
    const shown: string[] = [];
    const ticker = new Ticker<string>(2000, clock.timing, (line) => shown.push(line));
    expect(ticker.offer("one")).toBeUndefined();
    expect(ticker.offer("two")).toBeUndefined();
    expect(ticker.offer("three")).toBe("two");
    expect(shown).toEqual(["one"]);
    clock.pass(1999);
    expect(shown).toEqual(["one"]);
    clock.pass(1);
    expect(shown).toEqual(["one", "three"]);
  });
});
