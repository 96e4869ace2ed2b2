import { createEffect, createRoot } from "solid-js";
import { describe, expect, it } from "vitest";
import { faults, forgetFaults } from "../src/design/faults";
import type { PageAnswer, RoomEvent } from "../src/host/host";
import { NO_PRODUCT } from "../src/host/scripted";
import { ROWS_KEPT } from "../src/room/chat";
import { BURST_KEPT, createRoomState, UNDRAWN_KEPT } from "../src/room/room";
import { chatRow, chatRows, flyingComment, roomView } from "./support/rows";

function open() {
  const frames: (() => void)[] = [];
  const asked: PageAnswer[] = [];
  const room = createRoomState({ now: () => 42, requestFrame: (run) => void frames.push(run) });
  const show = (events: RoomEvent[]) =>
    room.receive({ ended: false, events, shop: [] }, (answer) => void asked.push(answer));
  return { room, frames, asked, show };
}

describe("the state of the room", () => {
  it("changes once per batch, whatever is in it", () => {
    const { room, show } = open();
    let runs = 0;
    const dispose = createRoot((end) => {
      createEffect(() => {
        room.chat.entries();
        room.online();
        room.session();
        runs++;
      });
      return end;
    });
    expect(runs).toBe(1);
    show([
      { type: "session", session: { state: "online" } },
      { type: "online", count: 3 },
      { type: "chat", rows: chatRows(0, 90) },
    ]);
    expect(runs).toBe(2);
    expect(room.chat.entries()).toHaveLength(90);
    dispose();
  });

  it("keeps a thousand rows and replaces them on a reset", () => {
    const { room, show } = open();
    show([{ type: "chat", rows: chatRows(0, 900) }]);
    show([{ type: "chat", rows: chatRows(900, 900) }]);
    expect(room.chat.entries()).toHaveLength(ROWS_KEPT);
    expect(room.chat.entries()[0]?.key).toBe("k800");
    show([
      { type: "chat_reset", rows: [chatRow({ key: "only" })] },
      { type: "chat", rows: [chatRow({ key: "and this" })] },
    ]);
    expect(room.chat.entries().map((entry) => entry.key)).toEqual(["only", "and this"]);
  });

  it("puts a row that was missing in its place, and counts it as come", () => {
    const { room, show } = open();
    const inserted = (before: string, ...keys: string[]): RoomEvent => ({
      type: "chat_inserted",
      before,
      rows: keys.map((key) => chatRow({ key })),
    });
    show([{ type: "chat", rows: chatRows(5, 2) }]);
    show([
      { type: "chat", rows: chatRows(7, 1) },
      inserted("k6", "a", "b"),
      inserted("b", "between"),
      inserted("k7", "c"),
      inserted("long gone", "too old"),
      { type: "chat", rows: [chatRow({ key: "a", text: "changed" })] },
    ]);
    const entries = room.chat.entries();
    const keys = entries.map((entry) => entry.key);
    expect(keys).toEqual(["k5", "a", "between", "b", "k6", "c", "k7"]);
    expect(entries[1]?.row().text).toBe("changed");
    expect(room.chat.appended()).toBe(7);
  });

  it("drops what was taken back, heard by nobody if it had not been shown", () => {
    const { room, show } = open();
    const heard: string[] = [];
    room.listen({ chat: (fresh) => heard.push(...fresh.map((row) => row.key)) });
    show([{ type: "chat", rows: chatRows(1, 3) }]);
    show([
      { type: "chat", rows: chatRows(4, 2) },
      { type: "chat_removed", keys: ["k2", "k4", "unknown"] },
    ]);
    expect(room.chat.entries().map((entry) => entry.key)).toEqual(["k1", "k3", "k5"]);
    expect(heard).toEqual(["k1", "k2", "k3", "k5"]);
    show([{ type: "chat_removed", keys: ["k1"] }]);
    expect(room.chat.entries()).toHaveLength(2);
  });

  it("is gone when the room says so, and open when it is entered again", () => {
    const { room, show } = open();
    show([{ type: "room", room: { ...roomView(), absence: { why: "dismissed" } } }]);
    expect(room.dismissed()).toBe(true);
    show([{ type: "room", room: roomView() }]);
    expect(room.dismissed()).toBe(false);
  });

  it("has no product when nothing is in the slot", () => {
    const { room, show } = open();
    show([{ type: "product", product: { ...NO_PRODUCT, id: "cup", title: "Cup" } }]);
    expect(room.product()?.title).toBe("Cup");
    show([{ type: "product", product: NO_PRODUCT }]);
    expect(room.product()).toBeUndefined();
  });
});

describe("bursts of likes", () => {
  const likes = (total: number, burst: number): RoomEvent => ({
    type: "likes",
    likes: { total, counted: true, unconfirmed: 0 },
    burst,
  });

  it("are told to who listens, never as nothing, and end at the greatest figure that is shown", () => {
    const { room, show } = open();
    const bursts: number[] = [];
    room.listen({ likes: (burst) => bursts.push(burst) });
    show([likes(5, 5)]);
    show([likes(6, 0)]);
    show([likes(6, 2 * BURST_KEPT)]);
    expect(bursts).toEqual([5, BURST_KEPT]);
    expect(room.likes().total).toBe(6);
  });
});

describe("the credit of a page", () => {
  it("is one question for each batch, with the next frame", () => {
    const { room, frames, asked } = open();
    room.receive(
      { ended: false, events: [{ type: "online", count: 1 }], shop: [] },
      (answer) => void asked.push(answer),
    );
    expect(room.online(), "it is shown at once").toBe(1);
    expect(frames).toHaveLength(1);
  });

  it("says what was let go since the last question, and no more of it than is kept", () => {
    const { room, frames, asked, show } = open();
    show([]);
    room.letGo([1]);
    room.letGo([2]);
    frames.shift()?.();
    expect(asked).toEqual([{ undrawn: [1, 2] }]);
    show([]);
    room.letGo(Array.from({ length: UNDRAWN_KEPT + 5 }, (_, id) => id));
    frames.shift()?.();
    expect(asked[1]?.undrawn).toHaveLength(UNDRAWN_KEPT);
    expect(asked[1]?.undrawn.at(-1)).toBe(UNDRAWN_KEPT + 4);
    show([]);
    frames.shift()?.();
    expect(asked[2]).toEqual({ undrawn: [] });
  });

  it("goes on when something fails while a batch is shown, which is recorded", () => {
    const { room, frames, asked, show } = open();
    const heard: string[] = [];
    room.listen({
      danmaku: () => {
        throw new Error("no canvas");
      },
    });
    room.listen({ chat: (fresh) => heard.push(...fresh.map(({ key }) => key)) });
    show([
      { type: "danmaku", enter: [flyingComment({ id: 1 })], folded: [], leave: [] },
      { type: "chat", rows: [chatRow({ key: "a" })] },
    ]);
    expect(heard).toEqual(["a"]);
    frames.shift()?.();
    expect(asked).toHaveLength(1);
    expect(faults().at(-1)).toMatchObject({ where: "news", message: "no canvas" });
    forgetFaults();
  });

  it("is for the kinds of events that have a reader", () => {
    const { events, shop } = open().room.reads();
    expect(shop).toBe(true);
    expect(events).toContain("danmaku");
    expect(events, "nobody shows it yet").not.toContain("gift_totals");
  });

  it("hands flights on with the moment of their arrival", () => {
    const { room, show } = open();
    const seen: unknown[] = [];
    room.listen({ danmaku: (change) => seen.push(change) });
    const comment = flyingComment({ id: 1 });
    show([{ type: "danmaku", enter: [comment], folded: [{ id: 9, count: 2 }], leave: [3] }]);
    const entering = [{ comment, arrivedAt: 42 }];
    expect(seen).toEqual([{ entering, folded: [{ id: 9, count: 2 }], leaving: [3] }]);
  });
});
