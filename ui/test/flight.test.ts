import { describe, expect, it } from "vitest";
import { Flight, type Measure } from "../src/parts/danmaku/engine/flight";
import { countScale, metricsFor, type StageSize } from "../src/parts/danmaku/engine/metrics";
import { flyingComment, seeded } from "./support/rows";

const STYLE = { baseHeight: 720, size: 25, sizeMin: 15, flightMs: 8000, patienceMs: 1000 };
const STAGE: StageSize = { width: 1280, height: 720 };

function flightOn(stage = STAGE, area = 0.75) {
  let metrics = metricsFor(stage, area, STYLE);
  const measure: Measure = {
    text: (comment) => [...comment.text].length * metrics.fontSize * 0.6,
    count: (count, scale) => (String(count).length + 1.4) * metrics.fontSize * 0.55 * scale,
  };
  const flight = new Flight(measure, metrics, STYLE);
  return {
    flight,
    metrics,
    resize(next: StageSize, now: number) {
      metrics = metricsFor(next, area, STYLE);
      flight.resize(metrics, now);
    },
  };
}

/** The largest overlap of any two comments on the stage, in pixels of width; zero if none. */
function overlapAt(flight: Flight, now: number): number {
  const byLane = new Map<number, { x: number; width: number }[]>();
  for (const one of flight.flying) {
    const lane = byLane.get(one.lane) ?? [];
    lane.push({ x: flight.xOf(one, now), width: flight.widthOf(one) });
    byLane.set(one.lane, lane);
  }
  let worst = 0;
  for (const lane of byLane.values()) {
    lane.sort((a, b) => a.x - b.x);
    for (let index = 1; index < lane.length; index++) {
      const left = lane[index - 1];
      const right = lane[index];
      if (left && right) worst = Math.max(worst, left.x + left.width - right.x);
    }
  }
  return worst;
}

describe("comments in flight", () => {
  it("end at once when they were taken back, wherever they are", () => {
    const { flight } = flightOn({ width: 400, height: 300 });
    for (let id = 1; id <= 40; id++) flight.enter(flyingComment({ id }), 0);
    flight.advance(0);
    const aloft = [...flight.flying].map((one) => one.comment.id);
    const [waiting, before] = [40, flight.waiting];
    expect(aloft).not.toContain(waiting);
    for (const id of [aloft[0] ?? 0, waiting, 99]) flight.remove(id);
    expect([...flight.flying].map((one) => one.comment.id)).toEqual(aloft.slice(1));
    expect(flight.waiting).toBe(before - 1);
    flight.advance(1);
    expect(overlapAt(flight, 1)).toBe(0);
    expect([...flight.flying].length, "the lane is free for the next").toBe(aloft.length);
  });

  it("never overlap, however many come and however often they are repeated", () => {
    const random = seeded(3);
    const { flight } = flightOn();
    let id = 0;
    let shown = 0;
    let lost = 0;
    for (let now = 0; now < 30_000; now += 16) {
      for (let arrivals = random() * 6; arrivals > 1; arrivals--) {
        const text = "字".repeat(1 + Math.floor(random() * 24));
        flight.enter(flyingComment({ id: ++id, text, own: random() < 0.01 }), now);
      }
      const aloft = [...flight.flying];
      const repeated = aloft[Math.floor(random() * aloft.length)];
      if (repeated) flight.fold(repeated.comment.id, repeated.count + Math.floor(random() * 40));
      lost += flight.advance(now).length;
      expect(overlapAt(flight, now)).toBe(0);
      shown = id - lost - flight.waiting;
    }
    expect(shown).toBeGreaterThan(150);
    expect(lost).toBeGreaterThan(0);
  });

  it("cross the stage in eight seconds", () => {
    const { flight } = flightOn();
    flight.enter(flyingComment({ id: 1 }), 0);
    flight.advance(0);
    const one = [...flight.flying][0];
    if (!one) throw new Error("it does not fly");
    expect(flight.xOf(one, 0)).toBe(STAGE.width);
    expect(flight.xOf(one, STYLE.flightMs)).toBeCloseTo(-one.textWidth);
    flight.advance(STYLE.flightMs * 1.2);
    expect(flight.busy).toBe(false);
  });

  it("wait one second for a lane and are counted when it was in vain", () => {
    const { flight, metrics } = flightOn();
    for (let id = 1; id <= metrics.lanes + 3; id++) flight.enter(flyingComment({ id }), 0);
    expect(flight.advance(0)).toEqual([]);
    expect(flight.waiting).toBe(3);
    const long = "x".repeat(200);
    const crowd = flightOn();
    for (let id = 1; id <= metrics.lanes + 3; id++) {
      crowd.flight.enter(flyingComment({ id, text: long }), 0);
    }
    crowd.flight.advance(0);
    expect(crowd.flight.advance(999)).toEqual([]);
    expect(crowd.flight.advance(1001)).toEqual([1, 2, 3].map((n) => metrics.lanes + n));
    expect(crowd.flight.waiting).toBe(0);
  });

  it("do not pile up while they wait", () => {
    const { flight } = flightOn();
    for (let id = 1; id <= 500; id++) flight.enter(flyingComment({ id }), 0);
    const turnedAway = flight.advance(0).length;
    expect(turnedAway + flight.waiting + [...flight.flying].length).toBe(500);
    expect(flight.waiting).toBeLessThanOrEqual(100);
  });

  it("of the reader are shown at once, even when every lane is full", () => {
    const { flight, metrics } = flightOn();
    for (let id = 1; id <= 60; id++) flight.enter(flyingComment({ id, text: "x".repeat(80) }), 0);
    flight.advance(0);
    flight.enter(flyingComment({ id: 99, own: true, text: "mine" }), 10);
    flight.advance(10);
    const own = [...flight.flying].find((one) => one.comment.own);
    expect(own?.lane).toBe(metrics.lanes);
    expect(overlapAt(flight, 10)).toBe(0);
  });

  it("of the reader wait as long as it takes where no lane is left for them", () => {
    const { flight, metrics } = flightOn(STAGE, 1);
    expect(metrics.ownLanes).toBe(0);
    for (let id = 1; id <= metrics.lanes; id++) {
      flight.enter(flyingComment({ id, text: "x".repeat(300) }), 0);
    }
    flight.advance(0);
    flight.enter(flyingComment({ id: 99, own: true }), 0);
    expect(flight.advance(3000)).toEqual([]);
    for (let now = 3000; now < 9000; now += 16) flight.advance(now);
    expect([...flight.flying].some((one) => one.comment.own)).toBe(true);
  });

  it("take up a new count while they fly, and the figure grows", () => {
    const { flight } = flightOn();
    flight.enter(flyingComment({ id: 1 }), 0);
    flight.advance(0);
    const one = [...flight.flying][0];
    if (!one) throw new Error("it does not fly");
    const before = flight.widthOf(one);
    flight.fold(1, 14);
    flight.advance(500);
    expect(one.count).toBe(14);
    expect(flight.widthOf(one)).toBeGreaterThan(before);
    expect(one.countScale).toBeGreaterThan(1);
    flight.fold(1, 400);
    flight.advance(600);
    expect(one.countScale).toBeCloseTo(1.6);
  });

  it("take up a new count while they wait", () => {
    const { flight, metrics } = flightOn();
    for (let id = 1; id <= metrics.lanes + 1; id++) {
      flight.enter(flyingComment({ id, text: "ab" }), 0);
    }
    flight.advance(0);
    flight.fold(metrics.lanes + 1, 7);
    flight.advance(900);
    const last = [...flight.flying].find((one) => one.comment.id === metrics.lanes + 1);
    expect(last?.count).toBe(7);
  });

  it("go on without overlap when the stage changes its size", () => {
    const random = seeded(5);
    const sim = flightOn();
    for (let id = 1; id <= 200; id++) {
      const now = id * 40;
      const text = "w".repeat(2 + Math.floor(random() * 20));
      sim.flight.enter(flyingComment({ id, text, count: id % 5 === 0 ? 30 : 1 }), now);
      sim.flight.advance(now);
      if (id % 50 !== 0) continue;
      const width = 320 + random() * 1200;
      sim.resize({ width, height: (width * 9) / 16 }, now);
      expect(overlapAt(sim.flight, now)).toBe(0);
      expect([...sim.flight.flying].length).toBeGreaterThan(0);
    }
  });
});

describe("the size of flying comments", () => {
  it("is 25 px on a stage of 720, scales with the stage, and stays legible", () => {
    expect(metricsFor(STAGE, 0.75, STYLE).fontSize).toBe(25);
    expect(metricsFor({ width: 1920, height: 1080 }, 0.75, STYLE).fontSize).toBe(38);
    expect(metricsFor({ width: 320, height: 180 }, 0.75, STYLE).fontSize).toBe(15);
  });

  it("keeps the lanes inside the chosen area", () => {
    for (const area of [0.25, 0.5, 0.75, 1]) {
      const { lanes, laneHeight } = metricsFor(STAGE, area, STYLE);
      expect(lanes * laneHeight).toBeLessThanOrEqual(STAGE.height * area);
    }
  });

  it("lets the count grow with the crowd up to 1.6 times, never back", () => {
    let before = 1;
    for (let count = 1; count < 500; count++) {
      const scale = countScale(count);
      expect(scale).toBeGreaterThanOrEqual(before);
      before = scale;
    }
    expect(before).toBe(1.6);
  });
});
