/** Which rows of a long list are in the document. All distances are measured from the bottom. */
export interface RowWindow {
  /** Rows `start` to `end`, the latter not included, are rendered. */
  start: number;
  end: number;
  /** The height of the rows that are not, above and below. */
  above: number;
  below: number;
}

/** The document never holds more rows than this, whatever the size of the window. */
export const ROW_BUDGET = 90;

export function windowFromBottom(
  count: number,
  heightAt: (index: number) => number,
  view: { offset: number; height: number; margin: number },
): RowWindow {
  const from = view.offset - view.margin;
  const to = view.offset + view.height + view.margin;
  let end = count;
  let below = 0;
  while (end > 0) {
    const height = heightAt(end - 1);
    if (below + height > from) break;
    below += height;
    end--;
  }
  let start = end;
  let reached = below;
  while (start > 0 && reached < to && end - start < ROW_BUDGET) {
    start--;
    reached += heightAt(start);
  }
  let above = 0;
  for (let index = 0; index < start; index++) above += heightAt(index);
  return { start, end, above, below };
}

const FIRST_GUESS = 28;

/** The measured heights of rows, and a guess for the ones that have not been in the document. */
export class RowHeights {
  #heights = new Map<string, number>();
  #sum = 0;

  get(key: string): number {
    return this.#heights.get(key) ?? this.guess();
  }

  has(key: string): boolean {
    return this.#heights.has(key);
  }

  guess(): number {
    return this.#heights.size > 0 ? this.#sum / this.#heights.size : FIRST_GUESS;
  }

  /** Returns whether this changes anything. */
  set(key: string, height: number): boolean {
    const known = this.#heights.get(key);
    if (known === height) return false;
    this.#sum += height - (known ?? 0);
    this.#heights.set(key, height);
    return true;
  }

  /** Forgets rows that left the list. */
  keepOnly(keys: Iterable<string>): void {
    const kept = new Map<string, number>();
    let sum = 0;
    for (const key of keys) {
      const height = this.#heights.get(key);
      if (height === undefined) continue;
      kept.set(key, height);
      sum += height;
    }
    this.#heights = kept;
    this.#sum = sum;
  }

  get size(): number {
    return this.#heights.size;
  }
}
