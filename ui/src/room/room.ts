import { type Accessor, batch, createSignal, untrack } from "solid-js";
import { recordFault } from "../design/faults";
import type {
  ChatRow,
  DanmakuCounters,
  DrawsView,
  FlyingComment,
  FoldedComment,
  LikesView,
  PageAnswer,
  PageBatch,
  ProductView,
  Reads,
  RoomEvent,
  RoomEventKind,
  RoomView,
  SessionView,
  ShopView,
  SpeechView,
} from "../host/host";
import { type ChatChange, createChatLog } from "./chat";

/** Ids of let-go comments that wait for the next question. */
export const UNDRAWN_KEPT = 1000;
/** A greater burst of likes says nothing more, and its figure would outgrow its place. */
export const BURST_KEPT = 99_999;

/** What starts to fly, changes in flight, or leaves. */
export interface DanmakuChange {
  entering: { comment: FlyingComment; arrivedAt: number }[];
  folded: FoldedComment[];
  /** Ids of flights that end at once. */
  leaving: number[];
}

/** What flies is drawn, not listed, so it passes through instead of becoming state. */
export interface BatchListener {
  danmaku?(change: DanmakuChange): void;
  chat?(fresh: ChatRow[]): void;
  refused?(own: ChatRow[]): void;
  unseen?(own: ChatRow[]): void;
  removed?(keys: ReadonlySet<string>): void;
  /** How many likes came. */
  likes?(burst: number): void;
}

export interface RoomTiming {
  now(): number;
  requestFrame(run: () => void): void;
}

export const browserTiming: RoomTiming = {
  now: () => performance.now(),
  requestFrame: (run) => void requestAnimationFrame(run),
};

type EventOf<K extends RoomEventKind> = Extract<RoomEvent, { type: K }>;

const CONNECTING: SessionView = { state: "connecting" };
const NO_COUNTERS: DanmakuCounters = {
  shown: 0,
  folded: 0,
  queue_full: 0,
  expired: 0,
  hidden: 0,
  no_lane: 0,
  recalled: 0,
  waiting: 0,
};
const NO_LIKES: LikesView = { total: 0, counted: false, unconfirmed: 0 };
const NO_DRAWS: DrawsView = { open: [], results: [] };
const FREE: SpeechView = { state: "free" };

export type RoomState = ReturnType<typeof createRoomState>;

/**
 * The state of one room. A fact of it is one line here: the kind of event that tells it, and what of
 * the event it is. The host is asked for the kinds that are read, and for no other.
 */
export function createRoomState(timing: RoomTiming = browserTiming) {
  const readers = new Map<RoomEventKind, (event: RoomEvent) => void>();
  const listeners = new Set<BatchListener>();
  const [shop, setShop] = createSignal<ShopView>();
  let undrawn: number[] = [];

  const on = <K extends RoomEventKind>(kind: K, read: (event: EventOf<K>) => void): void => {
    readers.set(kind, (event) => read(event as EventOf<K>));
  };
  const fact = <K extends RoomEventKind, T>(
    kind: K,
    first: T,
    read: (event: EventOf<K>) => T,
  ): Accessor<T> => {
    const [value, setValue] = createSignal(first);
    on(kind, (event) => setValue(() => read(event)));
    return value;
  };
  /** One that fails keeps neither the others from their news nor the page from the next batch. */
  const tell = (say: (listener: BatchListener) => void): void => {
    for (const listener of listeners) guarded(() => say(listener));
  };

  const room = fact("room", undefined as RoomView | undefined, (event) => event.room);
  const facts = {
    session: fact("session", CONNECTING, (event) => event.session),
    room,
    dismissed: () => room()?.absence.why === "dismissed",
    /** Undefined until the room has counted. */
    online: fact("online", undefined as number | undefined, (event) => event.count),
    product: fact("product", undefined as ProductView | undefined, ({ product }) =>
      product.id === "" ? undefined : product,
    ),
    /** Whether the host is on, as far as the room tells. */
    liveStatus: fact("live_status", "unknown", (event) => event.status),
    /** Those that are shown now. */
    giftBanners: fact("gift_banners", [], (event) => event.banners),
    /** Lucky draws that are open, and what came out of the last ones. */
    draws: fact("draws", NO_DRAWS, (event) => event.draws),
    /** What everybody in all rooms was told, the newest last. */
    broadcasts: fact("announcements", [], (event) => event.broadcasts),
    /** How far the service's clock is ahead of this machine's, in milliseconds. */
    clockAhead: fact("clock", 0, (event) => event.ahead_ms),
    /** Whether the reader may speak; times in it count from the moment it was told. */
    speech: fact("speech", FREE, (event) => event.speech),
    /** Messages that nobody will bring any more. */
    missed: fact("missed", 0, (event) => event.count),
    counters: fact("danmaku_counters", NO_COUNTERS, (event) => event.counters),
    likes: fact("likes", NO_LIKES, ({ likes, burst }) => {
      const most = Math.min(BURST_KEPT, burst);
      if (most > 0) tell((listener) => listener.likes?.(most));
      return likes;
    }),
  };

  /** The service's clock in this moment, in Unix milliseconds. */
  const serviceNow = (): number => Date.now() + untrack(facts.clockAhead);

  const chat = createChatLog();
  let change: ChatChange = noChange();
  const extend = (rows: ChatRow[]) => change.rows.push(...rows);
  on("chat_reset", ({ rows }) => {
    change = { ...noChange(), reset: true };
    extend(rows);
  });
  on("chat", ({ rows }) => extend(rows));
  on("chat_inserted", ({ before, rows }) => {
    for (const row of rows) change.before.set(row.key, before);
    extend(rows);
  });
  on("chat_removed", ({ keys }) => {
    for (const key of keys) change.removed.add(key);
  });
  on("danmaku", ({ enter, folded, leave }) => {
    const arrivedAt = timing.now();
    const entering = enter.map((comment) => ({ comment, arrivedAt }));
    tell((listener) => listener.danmaku?.({ entering, folded, leaving: leave }));
  });

  const applyChat = (): void => {
    const { fresh, refused, unseen } = chat.apply(change);
    const { removed } = change;
    change = noChange();
    tell((listener) => {
      if (fresh.length > 0) listener.chat?.(fresh);
      if (refused.length > 0) listener.refused?.(refused);
      if (unseen.length > 0) listener.unseen?.(unseen);
      if (removed.size > 0) listener.removed?.(removed);
    });
  };

  const apply = (news: PageBatch): void =>
    batch(() => {
      for (const event of news.events) guarded(() => readers.get(event.type)?.(event));
      guarded(applyChat);
      for (const newest of news.shop) setShop(newest);
    });

  return {
    ...facts,
    serviceNow,
    chat,
    /** Undefined until the shop has told of itself. */
    shop,
    reads: (): Reads => ({ events: [...readers.keys()], shop: true }),
    /**
     * Shows a batch at once and asks for the next one with the next frame. A hidden window has no
     * frames, so it asks for nothing until it is seen again.
     */
    receive(news: PageBatch, ask: (answer: PageAnswer) => void): void {
      guarded(() => apply(news));
      timing.requestFrame(() => {
        const answer = { undrawn };
        undrawn = [];
        ask(answer);
      });
    },
    /** Comments that were meant to fly and were let go: the host is told with the next question. */
    letGo(ids: number[]): void {
      undrawn = [...undrawn, ...ids].slice(-UNDRAWN_KEPT);
    },
    /** The connection as the page itself knows it. */
    setSession(session: SessionView): void {
      apply({ ended: false, events: [{ type: "session", session }], shop: [] });
    },
    listen(listener: BatchListener): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function guarded(show: () => void): void {
  try {
    show();
  } catch (cause) {
    recordFault("news", cause);
  }
}

function noChange(): ChatChange {
  return { reset: false, rows: [], before: new Map(), removed: new Set() };
}
