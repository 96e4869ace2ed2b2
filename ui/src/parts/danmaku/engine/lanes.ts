/**
 * Who may follow whom. A comment crosses the stage from right to left at a constant speed of its
 * own, longer ones faster, so each flight is a straight line and two comments of a lane are closest
 * either when the second one enters or when the first one leaves.
 */
export interface Moving {
  /** When its left edge stood at the right edge of the stage, in milliseconds. */
  enteredAt: number;
  /** Pixels per millisecond, to the left. */
  speed: number;
  /** The width the lane keeps free for it, in pixels. */
  extent: number;
}

export function speedOf(width: number, stageWidth: number, flightMs: number): number {
  return (stageWidth + width) / flightMs;
}

export function headAt(one: Moving, stageWidth: number, now: number): number {
  return stageWidth - one.speed * (now - one.enteredAt);
}

export function leavesAt(one: Moving, stageWidth: number): number {
  return one.enteredAt + (stageWidth + one.extent) / one.speed;
}

/** The least distance between the two from `now` until the one ahead has left. Negative: overlap. */
export function roomBetween(
  ahead: Moving,
  behind: Moving,
  stageWidth: number,
  now: number,
): number {
  const end = leavesAt(ahead, stageWidth);
  if (end <= now) return Number.POSITIVE_INFINITY;
  const atNow = headAt(behind, stageWidth, now) - headAt(ahead, stageWidth, now) - ahead.extent;
  const atEnd = headAt(behind, stageWidth, end) - headAt(ahead, stageWidth, end) - ahead.extent;
  return Math.min(atNow, atEnd);
}

/** True if `behind` can enter and keeps `gap` to the one ahead over the whole flight. */
export function canFollow(
  ahead: Moving | undefined,
  behind: Moving,
  stageWidth: number,
  gap: number,
): boolean {
  if (!ahead) return true;
  return roomBetween(ahead, behind, stageWidth, behind.enteredAt) >= gap;
}
