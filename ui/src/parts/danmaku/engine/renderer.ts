import type { DanmakuBudget, FlyingComment, FoldedComment } from "../../../host/host";
import { Bitmaps, type DanmakuInk } from "./bitmaps";
import { BudgetReporter, budgetFor } from "./budget";
import { Flight } from "./flight";
import { type DanmakuStyle, type Metrics, metricsFor, type StageSize } from "./metrics";

export interface DanmakuTiming {
  now(): number;
  requestFrame(run: () => void): number;
  cancelFrame(id: number): void;
}

export interface DanmakuReports {
  budget(budget: DanmakuBudget): void;
  undrawn(ids: number[]): void;
}

/** One comment on the canvas, in CSS pixels from its top left corner. */
export interface DrawnComment {
  text: string;
  count: number;
  own: boolean;
  x: number;
  y: number;
  width: number;
  height: number;
}

type Rectangle = readonly [x: number, y: number, width: number, height: number];

const REPORT_EVERY_MS = 500;

/** Draws the flight on one canvas, and sleeps while nothing flies or nobody can see it. */
export class DanmakuRenderer {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  readonly #timing: DanmakuTiming;
  readonly #reports: DanmakuReports;
  readonly #style: DanmakuStyle;
  readonly #bitmaps: Bitmaps;
  readonly #flight: Flight;
  readonly #budget: BudgetReporter;
  #metrics: Metrics;
  #stage: StageSize = { width: 0, height: 0 };
  #area = 1;
  #ratio = 1;
  #frame: number | undefined;
  #active = true;
  #awake = true;
  #undrawn: number[] = [];
  #reportedAt = Number.NEGATIVE_INFINITY;
  #painted: Rectangle[] = [];

  constructor(
    canvas: HTMLCanvasElement,
    ink: DanmakuInk,
    style: DanmakuStyle,
    timing: DanmakuTiming,
    reports: DanmakuReports,
  ) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    this.#timing = timing;
    this.#reports = reports;
    this.#style = style;
    this.#bitmaps = new Bitmaps(ink);
    this.#metrics = metricsFor(this.#stage, this.#area, style);
    this.#flight = new Flight(this.#bitmaps, this.#metrics, style);
    this.#budget = new BudgetReporter((budget) => reports.budget(budget));
  }

  setStage(stage: StageSize, area: number, ratio: number): void {
    const same =
      stage.width === this.#stage.width &&
      stage.height === this.#stage.height &&
      area === this.#area &&
      ratio === this.#ratio;
    if (same || stage.width <= 0 || stage.height <= 0) return;
    this.#stage = stage;
    this.#area = area;
    this.#ratio = ratio;
    this.#metrics = metricsFor(stage, area, this.#style);
    this.#canvas.width = Math.round(stage.width * ratio);
    this.#canvas.height = Math.round(stage.height * ratio);
    this.#painted = [];
    const onScreen = this.#canvas.width * this.#canvas.height;
    this.#bitmaps.setSize(this.#metrics.fontSize, this.#metrics.laneHeight, ratio, onScreen);
    const now = this.#timing.now();
    this.#flight.resize(this.#metrics, now);
    // A new size empties the canvas, and the next frame comes only after this one is shown.
    if (this.#active) this.#paint(now);
    this.#offerBudget(now);
    this.#wake();
  }

  enter(comments: { comment: FlyingComment; arrivedAt: number }[]): void {
    for (const { comment, arrivedAt } of comments) this.#flight.enter(comment, arrivedAt);
    if (comments.length > 0) this.#wake();
  }

  fold(folded: FoldedComment[]): void {
    for (const { id, count } of folded) this.#flight.fold(id, count);
  }

  leave(ids: number[]): void {
    for (const id of ids) this.#flight.remove(id);
    if (ids.length > 0) this.#wake();
  }

  /** Asleep it draws nothing; the flight goes on by the clock and is caught up with on waking. */
  setAwake(awake: boolean): void {
    this.#awake = awake;
    if (awake) this.#wake();
    else this.#sleep();
  }

  /** Off, the stage is empty and the capacity is someone else's to tell. */
  setActive(active: boolean): void {
    this.#active = active;
    if (active) {
      this.#budget.forget();
      this.#offerBudget(this.#timing.now());
      return;
    }
    this.#sleep();
    this.#flight.clear();
    this.#wipe();
  }

  dispose(): void {
    this.#sleep();
    this.#awake = false;
  }

  drawn(): DrawnComment[] {
    const now = this.#timing.now();
    return Array.from(this.#flight.flying, (flying) => ({
      text: flying.comment.text,
      count: flying.count,
      own: flying.comment.own,
      x: this.#flight.xOf(flying, now),
      y: this.#flight.yOf(flying),
      width: this.#flight.widthOf(flying),
      height: this.#metrics.laneHeight,
    }));
  }

  #wake(): void {
    if (!this.#active || !this.#awake || this.#frame !== undefined || this.#stage.width === 0)
      return;
    this.#frame = this.#timing.requestFrame(() => this.#tick());
  }

  #sleep(): void {
    if (this.#frame !== undefined) this.#timing.cancelFrame(this.#frame);
    this.#frame = undefined;
  }

  #tick(): void {
    this.#frame = undefined;
    const now = this.#timing.now();
    this.#undrawn.push(...this.#flight.advance(now));
    this.#paint(now);
    this.#offerBudget(now);
    const resting = !this.#flight.busy;
    this.#reportUndrawn(now, resting);
    if (!resting) this.#wake();
  }

  #paint(now: number): void {
    this.#wipe();
    const context = this.#context;
    if (!context) return;
    const ratio = this.#ratio;
    for (const flying of this.#flight.flying) {
      // Whole device pixels: the bitmaps are copied as they are and stay sharp.
      const x = Math.round(this.#flight.xOf(flying, now) * ratio);
      const y = Math.round(this.#flight.yOf(flying) * ratio);
      const text = this.#bitmaps.textBitmap(flying.comment);
      context.drawImage(text, x, y);
      let width = text.width;
      if (flying.count > 1 && flying.countScale > 0) {
        const count = this.#bitmaps.countBitmap(flying.count, flying.countScale);
        context.drawImage(count, x + width, y);
        width += count.width;
      }
      this.#painted.push([x, y, width, text.height]);
    }
  }

  /** Clears only what was painted: the picture under the rest of the canvas stays untouched. */
  #wipe(): void {
    for (const [x, y, width, height] of this.#painted) {
      this.#context?.clearRect(x, y, width, height);
    }
    this.#painted = [];
  }

  #offerBudget(now: number): void {
    const { lanes, width, gap } = this.#metrics;
    if (!this.#active || width === 0) return;
    const averageExtent = this.#flight.averageExtent + gap;
    const { flightMs } = this.#style;
    this.#budget.offer(budgetFor({ lanes, stageWidth: width, averageExtent, flightMs }), now);
  }

  #reportUndrawn(now: number, atOnce: boolean): void {
    if (this.#undrawn.length === 0) return;
    if (!atOnce && now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reports.undrawn(this.#undrawn);
    this.#undrawn = [];
    this.#reportedAt = now;
  }
}
