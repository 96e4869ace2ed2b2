import { recordFault } from "../design/faults";

/** So many faults within so long are no accident: the window does not work any more. */
export const STORM = { faults: 5, withinMs: 10_000 };

/**
 * Hears of what nobody has caught: in a handler, in a frame, in a promise. `storm` is called when it
 * does not stop. Returns how to stop listening.
 */
export function watchFaults(storm: () => void): () => void {
  let recent: number[] = [];
  const record = (where: string, cause: unknown) => {
    recordFault(where, cause);
    const now = performance.now();
    recent = [...recent, now].filter((at) => now - at < STORM.withinMs);
    if (recent.length >= STORM.faults) storm();
  };
  const onError = (event: ErrorEvent) => {
    // Without an error it is no fault of the program: browsers tell of a late measurement this way.
    if (event.error) record("window", event.error);
  };
  const onRejection = (event: PromiseRejectionEvent) => record("promise", event.reason);
  window.addEventListener("error", onError);
  window.addEventListener("unhandledrejection", onRejection);
  return () => {
    window.removeEventListener("error", onError);
    window.removeEventListener("unhandledrejection", onRejection);
  };
}
