import { beforeEach, describe, expect, it, vi } from "vitest";
import type { RoomEvent, SessionState, SpeechView } from "../src/host/host";
import { dress, pseudo, untranslated } from "./support/pseudo";
import { chatRow, roomView, SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

vi.mock("../src/i18n/en", async (original) => {
  const { en } = await original<typeof import("../src/i18n/en")>();
  return { en: pseudo(en) };
});

/** What others say is in none of the letters that are looked for. */
const TEXT = "茶碗";
const NOW_S = Math.floor(Date.now() / 1000);

const PRODUCT = {
  id: "1",
  title: TEXT,
  price_minor: 3900,
  currency: "CNY",
  picture: "",
  ends_at_s: NOW_S + 600,
  counted: true,
  stock: 3,
};

const DRAW = {
  draw: "1",
  keyword: TEXT,
  prize: TEXT,
  winners: 3,
  ends_at_s: NOW_S + 600,
  commitment: "",
  min_level: 3,
  must_have_gifted: true,
  must_follow: true,
};

const RESULT = {
  draw: "0",
  prize: TEXT,
  entrants: 12,
  winners: Array.from({ length: 9 }, (_, at) => ({ user_id: `${at}`, name: TEXT, own: at === 0 })),
  seed: "5",
  commitment: "",
};

const BANNER = {
  id: 1,
  user_id: "1",
  name: TEXT,
  level: 1,
  gift: "rose",
  title: TEXT,
  count: 1204,
  price: 1,
  effect: "banner",
  own: false,
} as const;

const ROWS = [
  ...(["comment", "gift", "product", "notice", "greeting", "answer"] as const).map((kind, at) =>
    chatRow({ key: `k${at}`, kind, name: TEXT, text: TEXT }),
  ),
  ...(["sending", "failed", "sampled_out", "recalled"] as const).map((state, at) =>
    chatRow({ key: `s${at}`, state, own: true, name: TEXT, text: TEXT, code: 10017 }),
  ),
];

const EVERYTHING: RoomEvent[] = [
  { type: "room", room: roomView({ name: TEXT, host: TEXT }) },
  { type: "live_status", status: "paused" },
  { type: "online", count: 12403 },
  { type: "missed", count: 1200 },
  { type: "likes", likes: { total: 18220, counted: true, unconfirmed: 0 }, burst: 400 },
  { type: "product", product: PRODUCT },
  { type: "gift_banners", banners: [BANNER] },
  { type: "draws", draws: { open: [DRAW, { ...DRAW, draw: "2" }], results: [RESULT] } },
  { type: "announcements", broadcasts: [{ id: "1", text: TEXT, time_ms: Date.now() }] },
  { type: "chat", rows: ROWS },
];

describe("a language that was made from English", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    window = await openWindow(SESSIONS.online);
    const { shop, goods } = window.host;
    const gifts = shop.gifts.map((gift) => ({ ...gift, title: TEXT }));
    window.host.goods = goods.map((entry) => ({ ...entry, title: TEXT }));
    window.host.pushShop({ gifts, name: TEXT, user_id: "1", runs_room: false });
    window.frame();
    window.show(...EVERYTHING);
  });
  const looksTranslated = (where: string) => expect(untranslated(document), where).toEqual([]);

  it("is longer, in brackets, and leaves alone what is put into it", () => {
    expect(dress("Send")).toBe("⟦Šéñð~~⟧");
    expect(window.get("product-stock").textContent).toMatch(/^⟦3 ļéƒţ~+⟧$/);
    expect(window.get("room-name").textContent).toBe(TEXT);
  });

  it("shows text that was forgotten", () => {
    const forgotten = document.createElement("p");
    forgotten.textContent = "Send";
    forgotten.title = "Send it";
    document.body.append(forgotten);
    expect(untranslated(document)).toEqual(["Send it", "Send"]);
    forgotten.remove();
  });

  it("is all that the room shows", () => looksTranslated("the room"));

  it("is all that a host sees", async () => {
    window.host.pushShop({ runs_room: true });
    window.frame();
    window.get("tab-goods").click();
    await window.settle();
    expect(window.find("recommend")).toBeDefined();
    looksTranslated("the goods");
    window.show({ type: "draws", draws: { open: [], results: [] } });
    window.press("c");
    window.press("t");
    looksTranslated("the theatre");
  });

  it("is all that the settings, the gifts and the shortcuts show", async () => {
    window.get("settings-button").click();
    await window.settle();
    expect(window.find("service-rest")).toBeDefined();
    looksTranslated("the settings");
    window.press("Escape");
    window.get("gift-button").click();
    await window.settle();
    window.get("give").click();
    window.host.pushShop({ balance: 0 });
    window.frame();
    looksTranslated("the gifts");
    window.press("Escape");
    window.press("?");
    looksTranslated("the shortcuts");
  });

  it("tells every state of the connection, of the host and of the reader's right to speak", () => {
    for (const [state, session] of Object.entries(SESSIONS)) {
      const told = state === "failed" ? { ...session, info: TEXT } : session;
      window.show({ type: "session", session: told as (typeof SESSIONS)[SessionState] });
      looksTranslated(state);
    }
    window.show({ type: "session", session: SESSIONS.online });
    for (const status of ["to_be_started", "live", "ended", "played_back"] as const) {
      window.show({ type: "live_status", status });
      looksTranslated(status);
    }
    const speeches: SpeechView[] = [
      { state: "muted", left_ms: 90_000 },
      { state: "muted", left_ms: 5000 },
      { state: "mute_all" },
      { state: "guest" },
      { state: "wait", left_ms: 5000, code: 9009 },
    ];
    for (const speech of speeches) {
      window.show({ type: "speech", speech });
      looksTranslated(speech.state);
    }
  });

  it("says what came while the reader was further up, and what is too long", () => {
    const list = window.get("chat-list");
    list.scrollTop = -500;
    list.dispatchEvent(new Event("scroll"));
    window.show({ type: "chat", rows: [chatRow({ key: "n", name: TEXT, text: TEXT })] });
    window.compose(TEXT.repeat(300));
    expect(window.find("new-messages")).toBeDefined();
    looksTranslated("the composer");
  });
});
