import { beforeEach, describe, expect, it, vi } from "vitest";
import type { DanmakuBudget } from "../src/host/host";
import { Bitmaps, flyingText } from "../src/parts/danmaku/engine/bitmaps";
import { BudgetReporter, budgetFor } from "../src/parts/danmaku/engine/budget";
import { DanmakuRenderer } from "../src/parts/danmaku/engine/renderer";
import { flyingComment } from "./support/rows";

const INK = {
  family: "sans-serif",
  weight: "600",
  text: "white",
  outline: "black",
  accent: "red",
  pill: "grey",
};
const STYLE = { baseHeight: 720, size: 25, sizeMin: 15, flightMs: 8000, patienceMs: 1000 };

function stage() {
  let now = 0;
  let pending: (() => void) | undefined;
  let asked = 0;
  const budgets: DanmakuBudget[] = [];
  const undrawn: number[] = [];
  const timing = {
    now: () => now,
    requestFrame: (run: () => void) => {
      pending = run;
      return ++asked;
    },
    cancelFrame: () => {
      pending = undefined;
    },
  };
  const renderer = new DanmakuRenderer(document.createElement("canvas"), INK, STYLE, timing, {
    budget: (budget) => budgets.push(budget),
    undrawn: (ids) => undrawn.push(...ids),
  });
  const frameAt = (ms: number) => {
    now = ms;
    const run = pending;
    pending = undefined;
    run?.();
  };
  return { renderer, budgets, undrawn, frameAt, waits: () => pending !== undefined };
}

describe("the danmaku canvas", () => {
  let one: ReturnType<typeof stage>;
  beforeEach(() => {
    one = stage();
    one.renderer.setStage({ width: 1280, height: 720 }, 0.75, 1);
    one.frameAt(0);
  });

  it("asks for no frames while nothing flies, and for none after the last has left", () => {
    expect(one.waits()).toBe(false);
    one.renderer.enter([{ comment: flyingComment({ id: 1 }), arrivedAt: 0 }]);
    expect(one.waits()).toBe(true);
    one.frameAt(16);
    expect(one.waits()).toBe(true);
    one.frameAt(12_000);
    expect(one.waits()).toBe(false);
  });

  it("asks for no frame when nothing came to fly", () => {
    one.renderer.enter([]);
    expect(one.waits()).toBe(false);
  });

  it("shows none of the crowd that came while the window was hidden for longer than a moment", () => {
    one.renderer.setAwake(false);
    one.renderer.enter(
      Array.from({ length: 200 }, (_, id) => ({ comment: flyingComment({ id }), arrivedAt: 0 })),
    );
    expect(one.waits()).toBe(false);
    one.frameAt(60_000);
    one.renderer.setAwake(true);
    one.frameAt(60_016);
    expect(one.renderer.drawn()).toEqual([]);
    expect(new Set(one.undrawn).size).toBe(200);
  });

  it("asks for no frames while the window is hidden, and catches up afterwards", () => {
    one.renderer.enter([{ comment: flyingComment({ id: 1 }), arrivedAt: 0 }]);
    one.frameAt(16);
    one.renderer.setAwake(false);
    expect(one.waits()).toBe(false);
    one.renderer.setAwake(true);
    one.frameAt(20_000);
    expect(one.renderer.drawn()).toEqual([]);
  });

  it("tells what is on the stage, and moves it to the left", () => {
    const own = flyingComment({ id: 4, text: "mine", own: true });
    one.renderer.enter([{ comment: own, arrivedAt: 0 }]);
    one.frameAt(16);
    const [before] = one.renderer.drawn();
    expect(before).toMatchObject({ text: "mine", own: true, count: 1, x: 1280, y: 0 });
    one.renderer.fold([{ id: 4, count: 9 }]);
    one.frameAt(1016);
    const [after] = one.renderer.drawn();
    expect(after?.count).toBe(9);
    expect(after?.x).toBeLessThan(1280);
    expect(after?.width).toBeGreaterThan(before?.width ?? 0);
  });

  it("reports what found no lane in time, once", () => {
    const crowd = Array.from({ length: 40 }, (_, id) => ({
      comment: flyingComment({ id, text: `${id}`.padEnd(55, "x") }),
      arrivedAt: 0,
    }));
    one.renderer.enter(crowd);
    for (let now = 0; now < 12_000; now += 100) one.frameAt(now);
    const flown = 40 - one.undrawn.length;
    expect(flown).toBeGreaterThanOrEqual(14);
    expect(one.undrawn.length).toBeGreaterThan(0);
    expect(new Set(one.undrawn).size).toBe(one.undrawn.length);
  });

  it("tells the host its capacity when it is opened and when it really changes", () => {
    expect(one.budgets).toHaveLength(1);
    one.renderer.setStage({ width: 1281, height: 720 }, 0.75, 1);
    one.frameAt(2000);
    expect(one.budgets).toHaveLength(1);
    one.renderer.setStage({ width: 1280, height: 720 }, 0.25, 1);
    one.frameAt(4000);
    expect(one.budgets).toHaveLength(2);
    expect(one.budgets[1]?.burst).toBeLessThan(one.budgets[0]?.burst ?? 0);
  });
});

describe("the budget", () => {
  const usual = { lanes: 15, stageWidth: 1280, averageExtent: 250, flightMs: 8000 };

  it("is what the lanes can take per second", () => {
    // 1530 px in 8 s pass each lane's entrance: 191 px/s, so 0.77 comments; 15 lanes, packed to 85 %.
    expect(budgetFor(usual)).toEqual({ per_second: 10, burst: 15 });
  });

  it("grows with shorter comments and shrinks with fewer lanes", () => {
    expect(budgetFor({ ...usual, averageExtent: 80 }).per_second).toBeGreaterThan(20);
    expect(budgetFor({ ...usual, lanes: 5 })).toEqual({ per_second: 3, burst: 5 });
    expect(budgetFor({ ...usual, lanes: 0 })).toEqual({ per_second: 1, burst: 1 });
  });

  it("is passed on at most once per second and only when it differs", () => {
    const told = vi.fn();
    const reporter = new BudgetReporter(told);
    reporter.offer({ per_second: 20, burst: 15 }, 0);
    reporter.offer({ per_second: 30, burst: 15 }, 500);
    reporter.offer({ per_second: 21, burst: 15 }, 1500);
    expect(told).toHaveBeenCalledTimes(1);
    reporter.offer({ per_second: 30, burst: 15 }, 1600);
    expect(told).toHaveBeenCalledTimes(2);
    reporter.forget();
    reporter.offer({ per_second: 30, burst: 15 }, 1700);
    expect(told).toHaveBeenCalledTimes(3);
  });
});

describe("the pictures of comments", () => {
  it("are drawn once for identical texts", () => {
    const bitmaps = new Bitmaps(INK);
    bitmaps.setSize(25, 36, 2);
    const first = bitmaps.textBitmap(flyingComment({ id: 1, text: "666" }));
    expect(bitmaps.textBitmap(flyingComment({ id: 2, text: "666" }))).toBe(first);
    expect(bitmaps.textBitmap(flyingComment({ id: 3, text: "667" }))).not.toBe(first);
    expect(bitmaps.textBitmap(flyingComment({ id: 4, text: "666", own: true }))).not.toBe(first);
    expect(first.height).toBe(72);
  });

  it("stay within a bound, the ones not used for longest go first", () => {
    const bitmaps = new Bitmaps(INK);
    bitmaps.setSize(50, 72, 2);
    const first = bitmaps.textBitmap(flyingComment({ id: 1, text: "a".repeat(60) }));
    for (let id = 2; id < 200; id++) {
      bitmaps.textBitmap(flyingComment({ id, text: `${id}`.padEnd(60, "b") }));
    }
    expect(bitmaps.textBitmap(flyingComment({ id: 1, text: "a".repeat(60) }))).not.toBe(first);
  });

  it("are all kept while they fly, also on a stage that is larger than the usual bound", () => {
    const bitmaps = new Bitmaps(INK);
    bitmaps.setSize(75, 109, 2, 3840 * 2160);
    const flying = Array.from({ length: 45 }, (_, id) =>
      flyingComment({ id, text: `${id}`.padEnd(60, "b") }),
    );
    const frame = () => flying.map((comment) => bitmaps.textBitmap(comment));
    const first = frame();
    const pixels = first.reduce((sum, { width, height }) => sum + width * height, 0);
    expect(pixels).toBeGreaterThan(6_000_000);
    frame().forEach((bitmap, index) => {
      expect(bitmap).toBe(first[index]);
    });
  });

  it("hold one line of at most sixty characters and never half a character", () => {
    expect(flyingText("two\nlines  here")).toBe("two lines here");
    expect(flyingText("👩‍👩‍👧".repeat(80))).toBe(`${"👩‍👩‍👧".repeat(60)}…`);
    expect(flyingText("字".repeat(60))).toBe("字".repeat(60));
  });
});
