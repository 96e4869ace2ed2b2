import { createEffect, createRoot } from "solid-js";
import { describe, expect, it } from "vitest";
import type { RoomEvent } from "../src/host/host";
import {
  BURST_KEPT,
  ENTERING_KEPT,
  type Frame,
  Inbox,
  ROWS_KEPT,
  TAKEN_BACK_KEPT,
} from "../src/room/inbox";
import { createRoomState } from "../src/room/room";
import { chatRow, chatRows, flyingComment, roomView } from "./support/rows";

function inbox() {
  const frames: (() => void)[] = [];
  const delivered: Frame[] = [];
  const timing = { now: () => 42, requestFrame: (run: () => void) => void frames.push(run) };
  const box = new Inbox(timing, (frame) => delivered.push(frame));
  return { box, frames, delivered };
}

describe("batches between two frames", () => {
  it("become one delivery", () => {
    const { box, frames, delivered } = inbox();
    for (let batch = 0; batch < 20; batch++) {
      box.receive([{ type: "chat", rows: chatRows(batch * 10, 10) }]);
    }
    expect(frames).toHaveLength(1);
    expect(delivered).toHaveLength(0);
    frames[0]?.();
    expect(delivered).toHaveLength(1);
    expect(delivered[0]?.rows).toHaveLength(200);
    box.receive([{ type: "online", count: 1 }]);
    expect(frames).toHaveLength(2);
  });

  it("keep only the latest of each state", () => {
    const { box, frames, delivered } = inbox();
    for (let count = 0; count < 5000; count++) box.receive([{ type: "online", count }]);
    box.receive([{ type: "session", session: { state: "connecting" } }]);
    box.receive([{ type: "session", session: { state: "online" } }]);
    box.receive([{ type: "product_cleared" }]);
    frames[0]?.();
    expect(delivered[0]?.latest).toEqual([
      { type: "online", count: 4999 },
      { type: "session", session: { state: "online" } },
      { type: "product_cleared" },
    ]);
  });

  it("hold no more rows than the list could show, and the newest of them", () => {
    const { box, frames, delivered } = inbox();
    for (let batch = 0; batch < 100; batch++) {
      box.receive([{ type: "chat", rows: chatRows(batch * 50, 50) }]);
    }
    frames[0]?.();
    expect(delivered[0]?.rows).toHaveLength(ROWS_KEPT);
    expect(delivered[0]?.rows.at(-1)?.key).toBe("k4999");
  });

  it("let go of the oldest flying comments, count them, and never drop the reader's own", () => {
    const { box, frames, delivered } = inbox();
    const own = flyingComment({ id: 0, own: true });
    box.receive([{ type: "danmaku", enter: [own], folded: [], leave: [] }]);
    for (let id = 1; id <= 1000; id++) {
      box.receive([{ type: "danmaku", enter: [flyingComment({ id })], folded: [], leave: [] }]);
    }
    frames[0]?.();
    const frame = delivered[0];
    expect(frame?.entering).toHaveLength(ENTERING_KEPT);
    expect(frame?.entering[0]?.comment.own).toBe(true);
    expect(frame?.undrawn).toHaveLength(1001 - ENTERING_KEPT);
  });

  it("fold into a comment that has not been drawn yet", () => {
    const { box, frames, delivered } = inbox();
    box.receive([{ type: "danmaku", enter: [flyingComment({ id: 1 })], folded: [], leave: [] }]);
    box.receive([
      {
        type: "danmaku",
        enter: [],
        folded: [
          { id: 1, count: 5 },
          { id: 9, count: 2 },
        ],
        leave: [],
      },
    ]);
    frames[0]?.();
    expect(delivered[0]?.entering[0]).toMatchObject({ arrivedAt: 42, comment: { count: 5 } });
    expect(delivered[0]?.folded).toEqual([{ id: 9, count: 2 }]);
  });
});

describe("bursts of likes between two frames", () => {
  const likes = (total: number, burst: number): RoomEvent => ({
    type: "likes",
    likes: { total, counted: true, unconfirmed: 0 },
    burst,
  });

  it("add up, while of the total only the latest counts", () => {
    const { box, frames, delivered } = inbox();
    box.receive([likes(5, 5), likes(12, 7)]);
    box.receive([likes(13, 1)]);
    frames[0]?.();
    expect(delivered[0]?.burst).toBe(13);
    expect(delivered[0]?.latest).toEqual([likes(13, 1)]);
    box.receive([likes(13, 0)]);
    frames[1]?.();
    expect(delivered[1]?.burst, "they are told once").toBe(0);
  });

  it("end at the greatest figure that is shown", () => {
    const { box, frames, delivered } = inbox();
    for (let batch = 0; batch < 3; batch++) box.receive([likes(0, BURST_KEPT - 1)]);
    frames[0]?.();
    expect(delivered[0]?.burst).toBe(BURST_KEPT);
  });

  it("are told to who listens, and never as nothing", () => {
    const frames: (() => void)[] = [];
    const room = createRoomState({ now: () => 0, requestFrame: (run) => void frames.push(run) });
    const bursts: number[] = [];
    room.listen({ likes: (burst) => bursts.push(burst) });
    room.receive([likes(2, 2), likes(5, 3)]);
    frames.pop()?.();
    room.receive([likes(6, 0)]);
    frames.pop()?.();
    expect(bursts).toEqual([5]);
    expect(room.likes().total).toBe(6);
  });
});

describe("the state of the room", () => {
  it("changes once per frame, however much arrived", () => {
    const frames: (() => void)[] = [];
    const room = createRoomState({ now: () => 0, requestFrame: (run) => void frames.push(run) });
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
    for (let batch = 0; batch < 30; batch++) {
      room.receive([
        { type: "chat", rows: chatRows(batch * 3, 3) },
        { type: "online", count: batch },
      ]);
    }
    expect(runs).toBe(1);
    frames[0]?.();
    expect(runs).toBe(2);
    expect(room.chat.entries()).toHaveLength(90);
    dispose();
  });

  it("keeps a thousand rows and replaces them on a reset", () => {
    const frames: (() => void)[] = [];
    const room = createRoomState({ now: () => 0, requestFrame: (run) => void frames.push(run) });
    const frame = () => frames.pop()?.();
    room.receive([{ type: "chat", rows: chatRows(0, 900) }]);
    frame();
    room.receive([{ type: "chat", rows: chatRows(900, 900) }]);
    frame();
    expect(room.chat.entries()).toHaveLength(ROWS_KEPT);
    expect(room.chat.entries()[0]?.key).toBe("k800");
    room.receive([
      { type: "chat_reset", rows: [chatRow({ key: "only" })] },
      { type: "chat", rows: [chatRow({ key: "and this" })] },
    ]);
    frame();
    expect(room.chat.entries().map((entry) => entry.key)).toEqual(["only", "and this"]);
  });

  it("puts a row that was missing in its place, and counts it as come", () => {
    const frames: (() => void)[] = [];
    const room = createRoomState({ now: () => 0, requestFrame: (run) => void frames.push(run) });
    const frame = () => frames.pop()?.();
    const inserted = (before: string, ...keys: string[]): RoomEvent => ({
      type: "chat_inserted",
      before,
      rows: keys.map((key) => chatRow({ key })),
    });
    room.receive([{ type: "chat", rows: chatRows(5, 2) }]);
    frame();
    room.receive([
      { type: "chat", rows: chatRows(7, 1) },
      inserted("k6", "a", "b"),
      inserted("b", "between"),
      inserted("k7", "c"),
      inserted("long gone", "too old"),
      { type: "chat", rows: [chatRow({ key: "a", text: "changed" })] },
    ]);
    frame();
    const entries = room.chat.entries();
    const keys = entries.map((entry) => entry.key);
    expect(keys).toEqual(["k5", "a", "between", "b", "k6", "c", "k7"]);
    expect(entries[1]?.row().text).toBe("changed");
    expect(room.chat.appended()).toBe(7);
  });

  it("drops what was taken back, heard by nobody if it had not been shown", () => {
    const frames: (() => void)[] = [];
    const room = createRoomState({ now: () => 0, requestFrame: (run) => void frames.push(run) });
    const frame = () => frames.pop()?.();
    const heard: string[] = [];
    room.listen({ chat: (fresh) => heard.push(...fresh.map((row) => row.key)) });
    room.receive([{ type: "chat", rows: chatRows(1, 3) }]);
    frame();
    room.receive([
      { type: "chat", rows: chatRows(4, 2) },
      { type: "chat_removed", keys: ["k2", "k4", "unknown"] },
    ]);
    frame();
    expect(room.chat.entries().map((entry) => entry.key)).toEqual(["k1", "k3", "k5"]);
    expect(heard).toEqual(["k1", "k2", "k3", "k5"]);
    room.receive([{ type: "chat_removed", keys: ["k1"] }]);
    frame();
    expect(room.chat.entries()).toHaveLength(2);
  });

  it("remembers no more of what was taken back than it could still show", () => {
    const { box, frames, delivered } = inbox();
    const leave = Array.from({ length: 5000 }, (_, id) => id);
    box.receive([{ type: "danmaku", enter: [flyingComment({ id: 4999 })], folded: [], leave }]);
    box.receive([{ type: "chat_removed", keys: leave.map(String) }]);
    frames[0]?.();
    expect(delivered[0]?.entering).toEqual([]);
    expect(delivered[0]?.leaving).toHaveLength(TAKEN_BACK_KEPT);
    expect(delivered[0]?.removed.size).toBe(TAKEN_BACK_KEPT);
    expect(delivered[0]?.removed.has("4999")).toBe(true);
  });

  it("takes a room that opens again for open", () => {
    const frames: (() => void)[] = [];
    const room = createRoomState({ now: () => 0, requestFrame: (run) => void frames.push(run) });
    room.receive([{ type: "dismissed", group_id: "g" }]);
    frames.pop()?.();
    expect(room.dismissed()).toBe(true);
    room.receive([
      { type: "dismissed", group_id: "g" },
      { type: "room", room: roomView() },
    ]);
    frames.pop()?.();
    expect(room.dismissed()).toBe(false);
  });
});
