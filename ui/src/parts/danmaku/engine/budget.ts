import type { DanmakuBudget } from "../../../host/host";

export interface Capacity {
  lanes: number;
  stageWidth: number;
  /** The width a comment takes on average, with the free space it needs behind it, in pixels. */
  averageExtent: number;
  flightMs: number;
}

/** Lanes are never packed edge to edge: comments of different speeds need room to close up in. */
const PACKING = 0.85;

/** What the lanes can take: steadily, and at one instant when they are empty. */
export function budgetFor(capacity: Capacity): DanmakuBudget {
  const { lanes, stageWidth, averageExtent, flightMs } = capacity;
  if (lanes < 1 || stageWidth <= 0) return { per_second: 1, burst: 1 };
  const pixelsPerSecond = ((stageWidth + averageExtent) / flightMs) * 1000;
  const perSecond = (lanes * pixelsPerSecond * PACKING) / averageExtent;
  return { per_second: Math.max(1, Math.round(perSecond)), burst: lanes };
}

const CHANGE_WORTH_TELLING = 0.1;
const QUIET_MS = 1000;

/** Passes a budget on when it really differs, and not more than once per second. */
export class BudgetReporter {
  readonly #tell: (budget: DanmakuBudget) => void;
  #told: DanmakuBudget | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(tell: (budget: DanmakuBudget) => void) {
    this.#tell = tell;
  }

  /** The next budget is passed on whatever it is: someone else has set another one meanwhile. */
  forget(): void {
    this.#told = undefined;
    this.#toldAt = Number.NEGATIVE_INFINITY;
  }

  offer(budget: DanmakuBudget, now: number): void {
    if (now - this.#toldAt < QUIET_MS) return;
    if (this.#told && !differs(this.#told, budget)) return;
    this.#told = budget;
    this.#toldAt = now;
    this.#tell(budget);
  }
}

function differs(told: DanmakuBudget, next: DanmakuBudget): boolean {
  if (told.burst !== next.burst) return true;
  return Math.abs(next.per_second - told.per_second) > told.per_second * CHANGE_WORTH_TELLING;
}
