import type { ChatRow, FlyingComment, RoomView, SessionView } from "../../src/host/host";

export function chatRow(change: Partial<ChatRow> & { key: string }): ChatRow {
  return {
    kind: "comment",
    seq: 1,
    user_id: "u1",
    name: "Guest 1",
    text: "hello",
    own: false,
    time_ms: 1_700_000_000_000,
    state: "sent",
    reached: 0,
    code: 0,
    reason: "",
    ...change,
  };
}

export function chatRows(from: number, count: number): ChatRow[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    return chatRow({ key: `k${number}`, seq: number, text: `line ${number}` });
  });
}

export function flyingComment(change: Partial<FlyingComment> & { id: number }): FlyingComment {
  return {
    key: `k${change.id}`,
    user_id: "u1",
    name: "Guest 1",
    text: `comment ${change.id}`,
    own: false,
    count: 1,
    priority: "Normal",
    ...change,
  };
}

export function roomView(change: Partial<RoomView> = {}): RoomView {
  return {
    group_id: "g",
    name: "Tea",
    host: "Mei",
    introduction: "",
    notification: "",
    member: true,
    absence: { why: "none" },
    role: "member",
    rules: { budget_per_s: 40, sender_per_s: 0, slow_mode_s: 0, links: true },
    ...change,
  };
}

export const SESSIONS: Record<SessionView["state"], SessionView> = {
  offline: { state: "offline" },
  connecting: { state: "connecting" },
  online: { state: "online" },
  reconnecting: { state: "reconnecting", attempt: 2, retry_in_ms: 4000 },
  kicked: { state: "kicked", cause: "signed_in_elsewhere", reason: "elsewhere" },
  sig_expired: { state: "sig_expired" },
  failed: { state: "failed", code: 60006, info: "the service is busy" },
};

/** mulberry32: random, and the same each time. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
