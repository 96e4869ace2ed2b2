import type { FlyingComment } from "../../../host/host";
import { canFollow, headAt, leavesAt, type Moving, roomBetween, speedOf } from "./lanes";
import { countScale, type Metrics } from "./metrics";

/** Widths in CSS pixels at the current font size. */
export interface Measure {
  text(comment: FlyingComment): number;
  /** The count set at `scale` times the font size, with the space before it. */
  count(count: number, scale: number): number;
}

export interface Flying extends Moving {
  comment: FlyingComment;
  count: number;
  lane: number;
  textWidth: number;
  /** How the count is set; smaller than it would like to be where a follower is close. */
  countScale: number;
}

interface Waiting {
  comment: FlyingComment;
  arrivedAt: number;
  textWidth: number;
}

/** The scales a count is set in, so that the same few bitmaps serve all counts. */
const SCALE_STEP = 0.1;
/** A crowd's comments beyond this many could not all find a lane within their patience. */
const WAITING_KEPT = 100;

function inSteps(scale: number): number {
  // The small addend keeps 1.6 from being 1.5 after a division.
  return Math.floor(scale / SCALE_STEP + 1e-6) * SCALE_STEP;
}

/**
 * The comments in the air and the ones that wait for a lane. It knows widths and times but draws
 * nothing: who flies is decided before anything is rasterised.
 */
export class Flight {
  readonly #measure: Measure;
  readonly #flightMs: number;
  readonly #patienceMs: number;
  #metrics: Metrics;
  #lanes: Flying[][] = [];
  #byId = new Map<number, Flying>();
  #waiting: Waiting[] = [];
  #turnedAway: number[] = [];
  #averageExtent = 0;

  constructor(measure: Measure, metrics: Metrics, times: { flightMs: number; patienceMs: number }) {
    this.#measure = measure;
    this.#metrics = metrics;
    this.#flightMs = times.flightMs;
    this.#patienceMs = times.patienceMs;
    this.#makeLanes();
  }

  get busy(): boolean {
    return this.#byId.size > 0 || this.#waiting.length > 0;
  }

  get flying(): IterableIterator<Flying> {
    return this.#byId.values();
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** What a comment takes of a lane on average, before any has flown: ten characters. */
  get averageExtent(): number {
    return this.#averageExtent || this.#metrics.fontSize * 10;
  }

  enter(comment: FlyingComment, arrivedAt: number): void {
    const waiting = { comment, arrivedAt, textWidth: this.#measure.text(comment) };
    // The reader's own comments are ahead of the crowd's, in their own order.
    const crowd = this.#waiting.findIndex((other) => !other.comment.own);
    if (comment.own && crowd !== -1) this.#waiting.splice(crowd, 0, waiting);
    else this.#waiting.push(waiting);
    if (crowd !== -1 && this.#waiting.length > WAITING_KEPT) {
      const [oldest] = this.#waiting.splice(comment.own ? crowd + 1 : crowd, 1);
      if (oldest) this.#turnedAway.push(oldest.comment.id);
    }
  }

  fold(id: number, count: number): void {
    const flying = this.#byId.get(id);
    if (flying) {
      flying.count = count;
      return;
    }
    const waiting = this.#waiting.find((one) => one.comment.id === id);
    if (waiting) waiting.comment = { ...waiting.comment, count };
  }

  /** Takes a comment out of the air, or out of the wait for a lane. */
  remove(id: number): void {
    this.#byId.delete(id);
    for (const lane of this.#lanes) {
      const at = lane.findIndex((flying) => flying.comment.id === id);
      if (at !== -1) lane.splice(at, 1);
    }
    this.#waiting = this.#waiting.filter((one) => one.comment.id !== id);
  }

  /** Moves on to `now`. Returns the ids of the comments that have waited in vain. */
  advance(now: number): number[] {
    for (const lane of this.#lanes) {
      while (lane[0] && leavesAt(lane[0], this.#metrics.width) <= now) {
        const left = lane.shift();
        if (left) this.#byId.delete(left.comment.id);
      }
      for (let i = 0; i < lane.length; i++) this.#fitCount(lane[i] as Flying, lane[i + 1], now);
    }
    const expired = this.#turnedAway;
    this.#turnedAway = [];
    this.#waiting = this.#waiting.filter((one) => {
      if (!one.comment.own && now - one.arrivedAt > this.#patienceMs) {
        expired.push(one.comment.id);
        return false;
      }
      return !this.#place(one, now);
    });
    return expired;
  }

  xOf(flying: Flying, now: number): number {
    return headAt(flying, this.#metrics.width, now);
  }

  yOf(flying: Flying): number {
    return flying.lane * this.#metrics.laneHeight;
  }

  widthOf(flying: Flying): number {
    return flying.textWidth + this.#countWidth(flying);
  }

  /**
   * A stage of another size scales everything alike, so flights go on where they were. Where the
   * font cannot follow, or lanes are gone, the comments that no longer fit are taken out.
   */
  resize(metrics: Metrics, now: number): void {
    this.#metrics = metrics;
    const before = this.#lanes;
    this.#makeLanes();
    this.#byId.clear();
    this.#averageExtent = 0;
    for (const one of this.#waiting) one.textWidth = this.#measure.text(one.comment);
    for (const flying of before.flat()) {
      const lane = this.#lanes[flying.lane];
      if (!lane) continue;
      flying.textWidth = this.#measure.text(flying.comment);
      flying.countScale = inSteps(countScale(flying.count));
      flying.speed = speedOf(flying.textWidth, metrics.width, this.#flightMs);
      flying.extent = this.#extentOf(flying);
      const ahead = lane.at(-1);
      if (ahead && roomBetween(ahead, flying, metrics.width, now) < 0) continue;
      lane.push(flying);
      this.#byId.set(flying.comment.id, flying);
    }
  }

  clear(): void {
    this.#makeLanes();
    this.#byId.clear();
    this.#waiting = [];
  }

  #makeLanes(): void {
    const { lanes, ownLanes } = this.#metrics;
    this.#lanes = Array.from({ length: lanes + ownLanes }, () => []);
  }

  #place({ comment, textWidth }: Waiting, now: number): boolean {
    const { width, gap, lanes, ownLanes } = this.#metrics;
    const flying: Flying = {
      comment,
      count: comment.count,
      lane: 0,
      textWidth,
      countScale: inSteps(countScale(comment.count)),
      enteredAt: now,
      speed: speedOf(textWidth, width, this.#flightMs),
      extent: 0,
    };
    flying.extent = this.#extentOf(flying);
    const open = comment.own ? lanes + ownLanes : lanes;
    for (let index = 0; index < open; index++) {
      const lane = this.#lanes[index] as Flying[];
      if (!canFollow(lane.at(-1), flying, width, gap)) continue;
      flying.lane = index;
      lane.push(flying);
      this.#byId.set(comment.id, flying);
      this.#learn(flying.extent + gap);
      return true;
    }
    return false;
  }

  #extentOf(flying: Flying): number {
    return flying.textWidth + Math.max(this.#metrics.countReserve, this.#countWidth(flying));
  }

  #countWidth(flying: Flying): number {
    return flying.count > 1 ? this.#measure.count(flying.count, flying.countScale) : 0;
  }

  /**
   * Lets the count grow into the free space behind its comment, and no further: with a follower
   * close behind it is set smaller instead of running into it.
   */
  #fitCount(flying: Flying, behind: Flying | undefined, now: number): void {
    if (flying.count <= 1) return;
    const wish = inSteps(countScale(flying.count));
    const wanted = this.#measure.count(flying.count, wish);
    let free = wanted;
    if (behind) {
      const grown = { ...flying, extent: flying.textWidth + wanted };
      const spare = roomBetween(grown, behind, this.#metrics.width, now) - this.#metrics.gap / 2;
      free = Math.max(0, wanted + Math.min(0, spare));
    }
    flying.countScale = inSteps((wish * free) / wanted);
    flying.extent = this.#extentOf(flying);
  }

  #learn(extent: number): void {
    const weight = 0.05;
    this.#averageExtent = this.#averageExtent
      ? this.#averageExtent * (1 - weight) + extent * weight
      : extent;
  }
}
