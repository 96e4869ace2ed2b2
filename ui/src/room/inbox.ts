import type { ChatRow, FlyingComment, FoldedComment, RoomEvent } from "../host/host";

/** The list shows no more rows than this, so waiting rows beyond it would never be seen. */
export const ROWS_KEPT = 1000;
/** More new comments than this in one frame cannot find lanes within their patience. */
export const ENTERING_KEPT = 200;
/** Keys and ids of what was taken back that are remembered until the next frame. */
export const TAKEN_BACK_KEPT = 2000;
/** Ids of let-go comments that are remembered until the next frame reports them. */
export const UNDRAWN_KEPT = 1000;
/** A greater burst of likes says nothing more, and its figure would outgrow its place. */
export const BURST_KEPT = 99_999;

/** Everything that arrived since the last frame, reduced to what the frame has to show. */
export interface Frame {
  /** At most one event of each kind; the latest replaces the ones before it. */
  latest: RoomEvent[];
  /** The list is replaced by `rows` instead of extended. */
  reset: boolean;
  rows: ChatRow[];
  /** For a row that was missing: the key of the row that it belongs before. */
  before: ReadonlyMap<string, string>;
  /** Keys of rows that are not to be shown any more. */
  removed: ReadonlySet<string>;
  entering: { comment: FlyingComment; arrivedAt: number }[];
  folded: FoldedComment[];
  /** Ids of flights that end at once. */
  leaving: number[];
  /** Ids of comments that were meant to fly and were let go here. */
  undrawn: number[];
  /** Likes that came, at most so many as are kept. */
  burst: number;
}

export interface InboxTiming {
  now(): number;
  requestFrame(run: () => void): void;
}

/** Brings `waiting` back to its bound and gives the ids that had to go. */
function dropOldest<T>(waiting: Map<number, T>, mayGo: (value: T) => boolean): number[] {
  const gone: number[] = [];
  for (const [id, value] of waiting) {
    if (waiting.size <= ENTERING_KEPT) break;
    if (mayGo(value) && waiting.delete(id)) gone.push(id);
  }
  return gone;
}

/** Adds to a set that keeps no more than the newest. */
function addNewest<T>(kept: Set<T>, added: T[]): void {
  for (const one of added) kept.add(one);
  for (const one of kept) {
    if (kept.size <= TAKEN_BACK_KEPT) break;
    kept.delete(one);
  }
}

/**
 * Gathers batches between two frames and hands them on once per frame. A hidden window gets no
 * frames, so what waits is bounded by what could still be seen: newer state replaces older state,
 * and only the newest rows and comments are kept.
 */
export class Inbox {
  readonly #timing: InboxTiming;
  readonly #deliver: (frame: Frame) => void;
  readonly #latest = new Map<string, RoomEvent>();
  #reset = false;
  #rows = new Map<string, ChatRow>();
  #before = new Map<string, string>();
  #removed = new Set<string>();
  #leaving = new Set<number>();
  #entering = new Map<number, { comment: FlyingComment; arrivedAt: number }>();
  #folded = new Map<number, FoldedComment>();
  #undrawn: number[] = [];
  #burst = 0;
  #requested = false;

  constructor(timing: InboxTiming, deliver: (frame: Frame) => void) {
    this.#timing = timing;
    this.#deliver = deliver;
  }

  receive(events: RoomEvent[]): void {
    for (const event of events) this.#take(event);
    if (this.#requested) return;
    this.#requested = true;
    this.#timing.requestFrame(() => this.#flush());
  }

  #take(event: RoomEvent): void {
    switch (event.type) {
      case "chat_reset":
        this.#reset = true;
        this.#rows.clear();
        this.#before.clear();
        this.#removed.clear();
        this.#takeRows(event.rows);
        break;
      case "chat_inserted":
        for (const row of event.rows) this.#before.set(row.key, event.before);
        this.#takeRows(event.rows);
        break;
      case "chat_removed":
        addNewest(this.#removed, event.keys);
        break;
      case "chat":
        this.#takeRows(event.rows);
        break;
      case "danmaku":
        this.#takeComments(event.enter, event.folded);
        for (const id of event.leave) this.#entering.delete(id);
        addNewest(this.#leaving, event.leave);
        break;
      case "likes":
        // The total is a state, but each burst is news of its own.
        this.#burst = Math.min(BURST_KEPT, this.#burst + event.burst);
        this.#keepLatest(event);
        break;
      default:
        this.#keepLatest(event);
    }
  }

  #keepLatest(event: RoomEvent): void {
    // A product and its withdrawal are two states of one slot.
    const slot = event.type === "product_cleared" ? "product" : event.type;
    // A new room ends what was said about the old one being closed.
    if (event.type === "room") this.#latest.delete("dismissed");
    this.#latest.delete(slot);
    this.#latest.set(slot, event);
  }

  #takeRows(rows: ChatRow[]): void {
    for (const row of rows) this.#rows.set(row.key, row);
    if (this.#rows.size <= ROWS_KEPT) return;
    let surplus = this.#rows.size - ROWS_KEPT;
    for (const key of this.#rows.keys()) {
      if (surplus-- === 0) break;
      this.#rows.delete(key);
      this.#before.delete(key);
    }
  }

  #takeComments(enter: FlyingComment[], folded: FoldedComment[]): void {
    const arrivedAt = this.#timing.now();
    for (const comment of enter) this.#entering.set(comment.id, { comment, arrivedAt });
    for (const fold of folded) {
      const waiting = this.#entering.get(fold.id);
      if (waiting) waiting.comment = { ...waiting.comment, count: fold.count };
      else this.#folded.set(fold.id, fold);
    }
    this.#undrawn.push(...dropOldest(this.#entering, ({ comment }) => !comment.own));
    // Only a frame empties the list. It misses no more than the moment before the host learns that
    // the window is hidden and stops sending.
    if (this.#undrawn.length > UNDRAWN_KEPT)
      this.#undrawn.splice(0, this.#undrawn.length - UNDRAWN_KEPT);
    dropOldest(this.#folded, () => true);
  }

  #flush(): void {
    this.#requested = false;
    const frame: Frame = {
      latest: [...this.#latest.values()],
      reset: this.#reset,
      rows: [...this.#rows.values()],
      before: this.#before,
      removed: this.#removed,
      entering: [...this.#entering.values()],
      folded: [...this.#folded.values()],
      leaving: [...this.#leaving],
      undrawn: this.#undrawn,
      burst: this.#burst,
    };
    this.#latest.clear();
    this.#reset = false;
    this.#rows = new Map();
    this.#before = new Map();
    this.#removed = new Set();
    this.#leaving = new Set();
    this.#entering = new Map();
    this.#folded = new Map();
    this.#undrawn = [];
    this.#burst = 0;
    this.#deliver(frame);
  }
}
