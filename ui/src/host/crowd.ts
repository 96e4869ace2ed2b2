import { Combo } from "./combo";
import type { ChatRow, DanmakuCounters, FlyingComment, FoldedComment } from "./host";
import { Luck } from "./luck";
import type { ScriptedHost } from "./scripted";

const LINES = [
  "so pretty",
  "666",
  "好漂亮",
  "哈哈哈哈",
  "what glaze is this?",
  "这个釉色是怎么做的",
  "can it go in the dishwasher?",
  "主播辛苦了",
  "👏👏👏",
  "first time here, hello everyone",
  "杯子多大容量",
  "the blue one please 💙",
  "ships abroad?",
  "来了来了",
  "the handle looks comfortable, is it made for left hands as well or only for right ones?",
  "已经下单了",
] as const;

const REPEATED = ["666", "哈哈哈哈", "👏👏👏"] as const;

const TICK_MS = 160;
const PRODUCT_AFTER_TICKS = 12;
const PRODUCT_LASTS_S = 780;
const LIKES_BEFORE = 18_219;
const LIKES_EVERY_TICKS = 5;
/** Likes of one moment, from the quiet one to the one in which everybody is clicking. */
const LIKES = [1, 2, 4, 9, 240] as const;
const DRAW_AFTER_TICKS = 30;
/** Of what is said while a draw is open, so much is its keyword. */
const KEYWORD_SHARE = 0.2;
const FOLD_WINDOW_MS = 6000;

/** mulberry32: the same seed always plays the same room. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fills a scripted host with a room full of people, for a browser without the desktop shell. */
export function playCrowd(host: ScriptedHost, seed = 7): void {
  const random = seeded(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const luck = new Luck(random);
  const combo = new Combo(host);
  const aloft = new Map<string, { id: number; count: number; since: number }>();
  const counters: DanmakuCounters = {
    shown: 0,
    folded: 0,
    queue_full: 0,
    expired: 0,
    hidden: 0,
    no_lane: 0,
    recalled: 0,
    waiting: 0,
  };
  let next = 1;
  let tick = 0;
  let online = 12403;

  const fly = (row: ChatRow, high: boolean): [FlyingComment[], FoldedComment[]] => {
    const now = performance.now();
    const known = aloft.get(row.text);
    if (known && !row.own && now - known.since < FOLD_WINDOW_MS) {
      known.count++;
      counters.folded++;
      return [[], [{ id: known.id, count: known.count }]];
    }
    const id = next++;
    if (!row.own) aloft.set(row.text, { id, count: 1, since: now });
    counters.shown++;
    const { key, user_id, name, text, own } = row;
    const priority = high ? "High" : "Normal";
    return [[{ id, key, user_id, name, text, own, count: 1, priority }], []];
  };

  const line = (): string => {
    const keyword = luck.keyword();
    if (keyword && random() < KEYWORD_SHARE) return keyword;
    return random() < 0.35 ? pick(REPEATED) : pick(LINES);
  };

  const comment = (): void => {
    const number = 1 + Math.floor(random() * 60);
    const seq = next++;
    const row: ChatRow = {
      key: `c${seq}`,
      kind: "comment",
      seq,
      user_id: `guest-${number}`,
      name: random() < 0.5 ? `Guest ${number}` : `访客 ${number}`,
      text: line(),
      own: false,
      time_ms: Date.now(),
      state: "sent",
      reached: 0,
      code: 0,
      reason: "",
    };
    luck.hear(row);
    const [enter, folded] = fly(row, random() < 0.04);
    host.push([
      { type: "chat", rows: [row] },
      { type: "danmaku", enter, folded, leave: [] },
    ]);
  };

  host.onSaid = (row) => {
    luck.hear(row);
    const [enter, folded] = fly(row, false);
    host.push([{ type: "danmaku", enter, folded, leave: [] }]);
  };

  host.onGiven = (gift, count) => host.push(combo.give(gift, count));

  host.whenOpened(() => {
    host.push([
      { type: "session", session: { state: "online" } },
      {
        type: "room",
        room: {
          group_id: host.service.group_id,
          name: "Tea and ceramics",
          host: "Demo host",
          introduction: "",
          notification: "",
          member: true,
          absence: { why: "none" },
          role: "member",
          rules: { budget_per_s: 40, sender_per_s: 0, slow_mode_s: 0, links: true },
        },
      },
      { type: "live_status", status: "live" },
      { type: "online", count: online },
      { type: "chat_reset", rows: [] },
    ]);
    host.likesOfOthers = LIKES_BEFORE;
    host.pushLikes(0);
    setInterval(() => {
      if (!host.service.running) return;
      tick++;
      if (random() < 0.7) comment();
      if (tick % LIKES_EVERY_TICKS === 0) host.pushLikes(pick(LIKES));
      if (tick === DRAW_AFTER_TICKS) host.push(luck.open());
      host.push(luck.tick());
      host.push(combo.tick());
      if (tick % 12 === 0) {
        online += Math.floor(random() * 40) - 18;
        host.push([
          { type: "online", count: online },
          { type: "danmaku_counters", counters: { ...counters } },
        ]);
      }
      if (tick === PRODUCT_AFTER_TICKS) {
        const ends_at_s = Math.floor(Date.now() / 1000) + PRODUCT_LASTS_S;
        const [first] = host.goods;
        if (first) host.push([{ type: "product", product: { ...first, ends_at_s } }]);
      }
    }, TICK_MS);
  });
}
