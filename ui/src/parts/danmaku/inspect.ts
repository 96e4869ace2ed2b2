import type { DanmakuCounters } from "../../host/host";
import type { DrawnComment } from "./engine/renderer";

/**
 * A facility for quality assurance: what is on the canvas cannot be found in the document, so tests
 * and testers ask for it here. Coordinates are CSS pixels from the canvas's top left corner.
 */
export interface LiveroomInspect {
  danmaku(): DrawnComment[];
  /** Totals since the room was opened, as the host counts them. */
  counters(): DanmakuCounters;
}

declare global {
  interface Window {
    liveroomInspect?: LiveroomInspect;
  }
}
