import { describe, expect, it } from "vitest";
import {
  canFollow,
  headAt,
  leavesAt,
  type Moving,
  speedOf,
} from "../src/parts/danmaku/engine/lanes";
import { seeded } from "./support/rows";

const STAGE = 1280;
const FLIGHT = 8000;

function moving(enteredAt: number, extent: number): Moving {
  return { enteredAt, extent, speed: speedOf(extent, STAGE, FLIGHT) };
}

/** The least distance between the two, looked at in steps much finer than a frame. */
function leastDistance(ahead: Moving, behind: Moving): number {
  let least = Number.POSITIVE_INFINITY;
  const end = leavesAt(ahead, STAGE);
  for (let now = behind.enteredAt; now <= end; now += 4) {
    const tail = headAt(ahead, STAGE, now) + ahead.extent;
    least = Math.min(least, headAt(behind, STAGE, now) - tail);
  }
  return least;
}

describe("who may follow whom in a lane", () => {
  it("lets anyone into an empty lane", () => {
    expect(canFollow(undefined, moving(0, 500), STAGE, 10)).toBe(true);
  });

  it("keeps a comment out while the one ahead is still coming in", () => {
    expect(canFollow(moving(0, 400), moving(500, 100), STAGE, 10)).toBe(false);
  });

  it("keeps a faster comment out that would catch the one ahead before it has left", () => {
    const slow = moving(0, 60);
    const fast = moving(600, 900);
    expect(leastDistance(slow, fast)).toBeLessThan(0);
    expect(canFollow(slow, fast, STAGE, 10)).toBe(false);
  });

  it("admits exactly the comments that keep their distance over the whole flight", () => {
    const random = seeded(1);
    let admitted = 0;
    for (let round = 0; round < 1500; round++) {
      const ahead = moving(0, 30 + random() * 900);
      const behind = moving(random() * FLIGHT, 30 + random() * 900);
      const gap = random() * 30;
      const least = leastDistance(ahead, behind);
      // The steps of the measurement miss the exact end by a pixel or so.
      if (Math.abs(least - gap) < 2) continue;
      expect(canFollow(ahead, behind, STAGE, gap)).toBe(least >= gap);
      if (least >= gap) admitted++;
    }
    expect(admitted).toBeGreaterThan(200);
  });
});
