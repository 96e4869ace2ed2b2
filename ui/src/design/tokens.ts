/** Reads design tokens for the places CSS does not reach: the canvas, timers and drag limits. */

export function token(name: string, at: Element = document.documentElement): string {
  return getComputedStyle(at).getPropertyValue(name).trim();
}

/** A token that holds a length in pixels or a bare number. */
export function tokenNumber(name: string, otherwise: number): number {
  const value = Number.parseFloat(token(name));
  return Number.isFinite(value) ? value : otherwise;
}

/** A token that holds a time, in milliseconds. */
export function tokenTime(name: string, otherwise: number): number {
  const text = token(name);
  const value = Number.parseFloat(text);
  if (!Number.isFinite(value)) return otherwise;
  return text.endsWith("ms") ? value : value * 1000;
}
