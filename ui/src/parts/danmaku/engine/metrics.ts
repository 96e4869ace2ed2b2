export interface StageSize {
  width: number;
  height: number;
}

export interface DanmakuStyle {
  /** The stage height the size below is meant for. */
  baseHeight: number;
  size: number;
  sizeMin: number;
  flightMs: number;
  patienceMs: number;
}

/** All lengths of the layer, in CSS pixels, derived from the size of the stage. */
export interface Metrics {
  width: number;
  height: number;
  fontSize: number;
  laneHeight: number;
  /** Lanes inside the chosen area. */
  lanes: number;
  /** Lanes below it, open only to the reader's own comments, so that these never wait in a crowd. */
  ownLanes: number;
  gap: number;
  /** Kept free behind each comment for the count it may get in flight. */
  countReserve: number;
}

const LANE_HEIGHT = 1.45;
const GAP = 0.5;
const COUNT_RESERVE = 1.4;

export function metricsFor(stage: StageSize, area: number, style: DanmakuStyle): Metrics {
  const scaled = (style.size * stage.height) / style.baseHeight;
  const fontSize = Math.max(style.sizeMin, Math.round(scaled));
  const laneHeight = Math.round(fontSize * LANE_HEIGHT);
  const all = Math.floor(stage.height / laneHeight);
  const lanes = Math.min(all, Math.max(1, Math.floor((stage.height * area) / laneHeight)));
  return {
    width: stage.width,
    height: stage.height,
    fontSize,
    laneHeight,
    lanes,
    ownLanes: all - lanes,
    gap: fontSize * GAP,
    countReserve: fontSize * COUNT_RESERVE,
  };
}

const GROWTH = 0.6;
/** The count at which the figure has grown to its full size. */
const FULLY_GROWN = 50;

/** How much larger than the text the count is set: 1 for a pair, up to 1.6 for a crowd. */
export function countScale(count: number): number {
  if (count <= 1) return 1;
  return 1 + GROWTH * Math.min(1, Math.log(count / 2) / Math.log(FULLY_GROWN / 2));
}
