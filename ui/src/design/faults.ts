import { createSignal } from "solid-js";

/** Something in the program went wrong. */
export interface Fault {
  /** Unix milliseconds. */
  at: number;
  /** Which part of the window it was in, as far as that is known. */
  where: string;
  message: string;
  stack: string;
}

/** Of a fault that comes again and again the first ones say why, the last ones that it goes on. */
const FIRST_KEPT = 10;
const LAST_KEPT = 10;

const [all, setAll] = createSignal<readonly Fault[]>([]);
const [count, setCount] = createSignal(0);

/** What went wrong since the window was opened; not all when there was very much. */
export const faults = all;
/** How often something went wrong, whatever is kept of it. */
export const faultCount = count;

export function recordFault(where: string, cause: unknown): void {
  const { message, stack } =
    cause instanceof Error ? cause : { message: String(cause), stack: undefined };
  const fault = { at: Date.now(), where, message, stack: stack ?? "" };
  setAll((before) => [
    ...before.slice(0, FIRST_KEPT),
    ...[...before.slice(FIRST_KEPT), fault].slice(-LAST_KEPT),
  ]);
  setCount((before) => before + 1);
}

export function forgetFaults(): void {
  setAll([]);
  setCount(0);
}
