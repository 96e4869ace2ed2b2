import { createEffect, createRoot } from "solid-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SAY_EVERY_MS, Speaker } from "../src/design/speaker";
import { en } from "../src/i18n/en";
import { zh } from "../src/i18n/zh";
import { Ticker } from "../src/parts/danmaku/ticker";
import { Heard } from "../src/parts/news/chat";
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

describe("what a screen reader hears", () => {
  let said: string[];
  let clock: ReturnType<typeof handClock>;
  let speaker: Speaker;
  let stop: () => void;
  beforeEach(() => {
    said = [];
    clock = handClock();
    speaker = new Speaker(clock.timing);
    stop = createRoot((dispose) => {
      createEffect(() => {
        const now = speaker.polite();
        if (now) said.push(now.words);
      });
      return dispose;
    });
  });
  afterEach(() => stop());

  it("is at most one sentence in three seconds, whoever has something to say", () => {
    const heard = new Heard();
    for (let ms = 0; ms < 30_000; ms += 100) {
      heard.hear(chatRows(ms, 5));
      speaker.say("chat", () => heard.tell(en));
      speaker.say("gifts", `gift ${ms}`);
      if (ms % 5000 === 0) speaker.say("draws", `draw ${ms}`);
      clock.pass(100);
    }
    expect(said.length).toBeGreaterThan(8);
    expect(said.length).toBeLessThanOrEqual(30_000 / SAY_EVERY_MS + 1);
    for (const about of ["comments", "gift", "draw"]) {
      expect(said.filter((words) => words.includes(about)).length, about).toBeGreaterThan(1);
    }
  });

  it("is said twice when it happens twice", () => {
    speaker.say("goods", "That was too fast.");
    clock.pass(SAY_EVERY_MS);
    speaker.say("goods", "That was too fast.");
    expect(said).toEqual(["That was too fast.", "That was too fast."]);
    const first = speaker.assertive();
    speaker.interrupt("Not sent.");
    const second = speaker.assertive();
    speaker.interrupt("Not sent.");
    expect(speaker.assertive()).not.toBe(second);
    expect(first).toBeUndefined();
  });

  it("is the newest of what is about the same thing, and never more than can wait", () => {
    speaker.say("first", "first");
    for (let time = 0; time < 1000; time++) speaker.say("goods", `goods ${time}`);
    for (let about = 0; about < 1000; about++) speaker.say(`about ${about}`, `about ${about}`);
    for (let turn = 0; turn < 100; turn++) clock.pass(SAY_EVERY_MS);
    expect(said.length).toBeLessThan(20);
    expect(said.at(-1)).toBe("about 999");
  });

  it("is of the chat the count and the newest comment, or just the one there is", () => {
    let words = en;
    const heard = new Heard();
    const hear = (rows: ReturnType<typeof chatRows>) => {
      if (heard.hear(rows)) speaker.say("chat", () => heard.tell(words));
    };
    hear([chatRow({ key: "1", name: "Guest 4", text: "so pretty" })]);
    hear(chatRows(0, 14));
    clock.pass(3000);
    words = zh;
    hear(chatRows(0, 2));
    clock.pass(3000);
    hear([chatRow({ key: "2", own: true })]);
    clock.pass(10_000);
    expect(said, "what the reader said is left out").toEqual([
      "Guest 4: so pretty",
      "14 new comments; Guest 1: line 13",
      "2 条新评论；Guest 1：line 1",
    ]);
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
