import { cleanup } from "@solidjs/testing-library";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { isolated } from "../src/design/bounds";
import type { SpeechView } from "../src/host/host";
import { NO_PRODUCT, ScriptedHost } from "../src/host/scripted";
import { en } from "../src/i18n/en";
import { parseRemembered } from "../src/settings/settings";
import { layOut } from "./support/layout";
import { flyingComment, roomView, SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

const CUP = {
  id: "cup",
  title: "Ceramic cup",
  price_minor: 3900,
  currency: "CNY",
  picture: "demo:cup",
  ends_at_s: 0,
  counted: false,
  stock: 0,
};

/** A system that is light at first and can change its mind. */
function stubSystemTheme() {
  const listeners = new Set<() => void>();
  let light = true;
  vi.stubGlobal("matchMedia", (query: string) => ({
    get matches() {
      return query.includes("prefers-color-scheme: light") && light;
    },
    addEventListener: (_: string, run: () => void) => listeners.add(run),
    removeEventListener: (_: string, run: () => void) => listeners.delete(run),
  }));
  return {
    listeners,
    becomeLight(next: boolean) {
      light = next;
      for (const run of [...listeners]) run();
    },
  };
}

describe("the window", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    window = await openWindow(SESSIONS.online);
  });

  const theatre = () => document.querySelector<HTMLElement>(".app")?.dataset.theatre;
  const pickLanguage = (language: string) => {
    window.get("settings-button").click();
    const select = window.get<HTMLSelectElement>("language");
    select.value = language;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };

  it("names the room, its host and how many are watching", () => {
    const room = roomView({ name: "Tea and ceramics", host: "Demo host" });
    window.show({ type: "room", room }, { type: "online", count: 12403 });
    expect(window.get("room-name").textContent).toBe("Tea and ceramics");
    expect(document.body.textContent).toContain("with Demo host");
    expect(window.get("online-count").textContent).toBe("12,403");
    expect(window.get("online-count").parentElement?.textContent).toBe("12,403 watching");
    expect(document.title).toBe("Tea and ceramics");
  });

  it("says how many messages were missed, once there are any", () => {
    expect(window.find("missed")).toBeUndefined();
    window.show({ type: "missed", count: 12 });
    expect(window.get("missed").textContent).toBe(`Up to 12 messages missed ${en.missedWhy}`);
    window.show({ type: "missed", count: 1 });
    expect(window.get("missed").textContent).toContain("Up to 1 message missed");
  });

  it("says LIVE only while the picture really advances", () => {
    const video = window.get<HTMLVideoElement>("stage-video");
    expect(window.find("live")).toBeUndefined();
    Object.defineProperty(video, "paused", { value: false, configurable: true });
    video.currentTime = 1;
    video.dispatchEvent(new Event("timeupdate"));
    expect(window.find("live")).toBeDefined();
    video.dispatchEvent(new Event("waiting"));
    expect(window.find("live")).toBeUndefined();
    video.dispatchEvent(new Event("timeupdate"));
    expect(window.find("live"), "the time has not moved").toBeUndefined();
  });

  it("offers the way out of each state of the connection", async () => {
    for (const state of ["offline", "kicked", "sig_expired", "failed"] as const) {
      window.show({ type: "session", session: SESSIONS[state] });
      const connection = window.get("connection");
      expect(connection.dataset.state).toBe(state);
      connection.querySelector("button")?.click();
      await window.settle();
      expect(window.get("connection").dataset.state).toBe("online");
    }
    expect(window.host.reconnects).toBe(4);
  });

  it("counts the wait for the next attempt down, and announces it once", async () => {
    cleanup();
    vi.useFakeTimers();
    window = await openWindow(SESSIONS.online);
    window.show({ type: "session", session: SESSIONS.reconnecting });
    expect(window.get("connection").textContent).toContain("Trying again in 4 s.");
    const announced = window.get("own-news").textContent;
    await vi.advanceTimersByTimeAsync(1250);
    expect(window.get("connection").textContent).toContain("Trying again in 3 s.");
    expect(window.get("own-news").textContent).toBe(announced);
    await vi.advanceTimersByTimeAsync(4000);
    expect(window.get("connection").textContent).toContain("Trying again now.");
  });

  it("opens the room again when it could not be opened", async () => {
    cleanup();
    const host = new ScriptedHost();
    const open = vi.spyOn(host, "open");
    open.mockResolvedValueOnce({ status: "error", error: { code: 0, info: "no service" } });
    window = await openWindow(undefined, host);
    expect(window.get("connection").textContent).toContain(
      `Could not connect: ${isolated("no service")}`,
    );
    window.get("connection").querySelector("button")?.click();
    await window.settle();
    expect(open).toHaveBeenCalledTimes(2);
    expect(host.reconnects).toBe(0);
    window.show({ type: "session", session: SESSIONS.online });
    expect(window.get("connection").dataset.state).toBe("online");
  });

  it("says so when the picture cannot be loaded, and loads it again on request", async () => {
    cleanup();
    const load = vi.fn(async () => new Response(null, { status: 404 }));
    vi.stubGlobal("fetch", load);
    window = await openWindow(SESSIONS.online);
    const note = () => document.querySelector(".stage-note");
    expect(note()?.textContent).toContain("The picture does not play.");
    load.mockImplementation(async () => new Response(new Blob()));
    note()?.querySelector("button")?.click();
    await vi.waitFor(() => expect(window.get("stage-video").getAttribute("src")).toBe("blob:clip"));
    expect(note()).toBeNull();
    expect(load).toHaveBeenCalledTimes(2);
  });

  it("keeps the chat panel between its narrowest and its widest", () => {
    const splitter = document.querySelector<HTMLElement>(".splitter");
    splitter?.focus();
    const width = () => Number(splitter?.getAttribute("aria-valuenow"));
    expect(width()).toBe(340);
    window.press("ArrowLeft");
    expect(width()).toBe(356);
    for (let times = 0; times < 10; times++) window.press("ArrowLeft");
    expect(width()).toBe(400);
    for (let times = 0; times < 10; times++) window.press("ArrowRight");
    expect(width()).toBe(320);
    expect(
      document.querySelector<HTMLElement>(".main")?.style.getPropertyValue("--panel-width"),
    ).toBe("320px");
  });

  it("shows the product until it is withdrawn", () => {
    expect(window.find("product-slot")).toBeUndefined();
    window.show({ type: "product", product: CUP });
    const slot = window.get("product-slot");
    expect(slot.dataset.productId).toBe("cup");
    expect(window.get("product-title").textContent).toBe("Ceramic cup");
    expect(window.get("product-price").textContent).toBe("¥39.00");
    expect(slot.querySelector("img")?.getAttribute("src")).toBe("/goods/cup.webp");
    window.show({ type: "product", product: { ...CUP, price_minor: 2900 } });
    expect(window.get("product-slot"), "an update does not slide in again").toBe(slot);
    expect(window.get("product-price").textContent).toBe("¥29.00");
    window.show({ type: "product", product: { ...CUP, id: "bowl" } });
    expect(window.get("product-slot")).not.toBe(slot);
    window.show({ type: "product", product: NO_PRODUCT });
    expect(window.find("product-slot")).toBeUndefined();
  });

  it("likes by button and by key, and shows the exact total", () => {
    window.show({
      type: "likes",
      likes: { total: 18_220, counted: true, unconfirmed: 1 },
      burst: 0,
    });
    expect(window.get("like-total").textContent).toBe("18,220");
    window.get("like").click();
    window.press("l");
    expect(window.host.likes).toBe(2);
    window.frame();
    expect(window.get("like-total").textContent).toBe("2");
    window.get("composer").focus();
    window.press("l");
    expect(window.host.likes, "who types a letter likes nothing").toBe(2);
  });

  it("shows gifts over the picture, and a combo grows in its place", () => {
    const rose = {
      id: 1,
      user_id: "mei",
      name: "Mei",
      level: 3,
      gift: "rose",
      title: "Rose <b>red</b>",
      count: 20,
      price: 1,
      effect: "banner" as const,
      own: false,
    };
    window.show({ type: "gift_banners", banners: [rose] });
    const banner = window.get("gift-banner");
    expect(banner.textContent).toBe("MeiRose <b>red</b>×20");
    window.show({
      type: "gift_banners",
      banners: [
        { ...rose, count: 40 },
        { ...rose, id: 2, own: true },
      ],
    });
    expect(window.all("gift-banner")[0], "it does not slide in again").toBe(banner);
    expect(banner.textContent).toContain("×40");
    expect(window.all("gift-banner").map((each) => each.dataset.own)).toEqual(["false", "true"]);
    window.show({ type: "gift_banners", banners: [] });
    expect(window.all("gift-banner")).toEqual([]);
  });

  it("shows what everybody is told until it is read, and nothing that is old", () => {
    const at = (id: string, text: string, time_ms: number) => ({ id, text, time_ms });
    const old = at("b0", "Yesterday", Date.now() - 86_400_000);
    window.show({ type: "announcements", broadcasts: [old] });
    expect(window.find("broadcast")).toBeUndefined();
    const news = at("b1", "The sale ends at ten", Date.now());
    window.show({ type: "announcements", broadcasts: [old, news] });
    expect(window.get("broadcast").textContent).toBe("The sale ends at ten");
    expect(window.get("broadcast").parentElement?.getAttribute("role")).toBe("alert");
    window.get("broadcast").querySelector("button")?.click();
    expect(window.find("broadcast")).toBeUndefined();
    window.show({ type: "announcements", broadcasts: [old, news] });
    expect(window.find("broadcast"), "it was read").toBeUndefined();
  });

  it("speaks the other language as soon as it is picked, and next time as well", async () => {
    pickLanguage("zh");
    expect(document.documentElement.lang).toBe("zh-Hans-CN");
    expect(window.get("connection").textContent).toContain("已连接");
    expect(window.get("composer").getAttribute("placeholder")).toBe("说点什么…");
    cleanup();
    window = await openWindow(SESSIONS.kicked);
    expect(window.get("connection").textContent).toContain("账号已在别处登录。");
  });

  it("is dark until another theme is picked, even where the system is light", async () => {
    cleanup();
    const system = stubSystemTheme();
    window = await openWindow(SESSIONS.online);
    expect(document.documentElement.dataset.theme).toBe("dark");
    expect(parseRemembered(null).theme).toBe("dark");
    window.get("settings-button").click();
    const select = window.get<HTMLSelectElement>("theme");
    expect(select.value).toBe("dark");
    select.value = "system";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    expect(document.documentElement.dataset.theme).toBe("light");
    system.becomeLight(false);
    expect(document.documentElement.dataset.theme).toBe("dark");
    system.becomeLight(true);
    expect(document.documentElement.dataset.theme).toBe("light");
    cleanup();
    expect(system.listeners.size, "nobody listens to a closed window").toBe(0);
    await openWindow(SESSIONS.online);
    expect(document.documentElement.dataset.theme).toBe("light");
  });

  it("takes on the theme that is picked and remembers it", async () => {
    expect(document.documentElement.dataset.theme).toBe("dark");
    window.get("settings-button").click();
    const select = window.get<HTMLSelectElement>("theme");
    select.value = "light";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    expect(document.documentElement.dataset.theme).toBe("light");
    cleanup();
    await openWindow(SESSIONS.online);
    expect(document.documentElement.dataset.theme).toBe("light");
  });

  it("shows the local service, stops it and starts it", async () => {
    window.get("settings-button").click();
    await window.settle();
    expect(window.get("service-rest").textContent).toBe(window.host.service.rest);
    window.get("service-stop").click();
    await window.settle();
    expect(window.host.service.running).toBe(false);
    expect(window.find("service-stop")).toBeUndefined();
    const focused = window.get("service-start");
    focused.focus();
    focused.click();
    await window.settle();
    expect(window.host.service.running).toBe(true);
    expect(document.activeElement, "the keyboard stays in its place").toBe(
      window.get("service-stop"),
    );
  });

  it("shows no address, and nothing to copy, of a service that is stopped", async () => {
    window.get("settings-button").click();
    await window.settle();
    const copies = () => document.querySelectorAll(".fact button").length;
    expect(copies()).toBe(5);
    window.get("service-stop").click();
    await window.settle();
    expect(window.find("service-rest")).toBeUndefined();
    expect(window.find("service-gateway")).toBeUndefined();
    expect(window.get("service-data").textContent).toBe(window.host.service.data_dir);
    expect(copies()).toBe(3);
    window.get("service-start").click();
    await window.settle();
    expect(window.get("service-gateway").textContent).toBe(window.host.service.gateway);
    expect(copies()).toBe(5);
  });

  it("closes the settings on Escape, wherever the focus is, before anything else", () => {
    const button = window.get("settings-button");
    window.press("t");
    for (const focused of [undefined, document.querySelector<HTMLElement>(".controls button")]) {
      button.click();
      (document.activeElement as HTMLElement).blur();
      focused?.focus();
      window.press("Escape");
      expect(button.getAttribute("aria-expanded")).toBe("false");
      expect(document.activeElement, "it stays").toBe(focused ?? document.body);
    }
    button.focus();
    button.click();
    expect(document.activeElement).toBe(window.get("theme"));
    window.press("Escape");
    expect(document.activeElement, "it goes back").toBe(button);
    expect(theatre()).toBe("true");
    window.press("Escape");
    expect(theatre(), "the focused button does not cost a second press").toBe("false");
  });

  it("leaves a key that ends a composition to the input method", () => {
    window.get("composer").focus();
    window.press("Escape", { keyCode: 229 });
    expect(document.activeElement).toBe(window.get("composer"));
    window.press("Escape");
    expect(document.activeElement).toBe(document.body);
  });

  it("announces a lost connection once, however many attempts it takes", () => {
    const news = window.get("own-news");
    window.show({ type: "session", session: SESSIONS.reconnecting });
    const announced = news.textContent;
    expect(announced).toContain("Connection lost.");
    for (const retry_in_ms of [0, 8000, 0]) {
      window.show({
        type: "session",
        session: { state: "reconnecting", attempt: 3, retry_in_ms },
      });
      expect(news.textContent).toBe(announced);
    }
    window.show({ type: "session", session: SESSIONS.online });
    expect(news.textContent).toBe("Connected");
  });

  it("announces once that the reader was silenced, and that it is over", () => {
    const news = window.get("own-news");
    const speech = (speech: SpeechView) => {
      window.show({ type: "speech", speech });
      return news.textContent;
    };
    expect(speech({ state: "muted", left_ms: 90_000 })).toBe(en.codeMuted);
    window.show({ type: "session", session: SESSIONS.reconnecting });
    const other = news.textContent;
    expect(speech({ state: "muted", left_ms: 50_000 }), "it is known").toBe(other);
    expect(speech({ state: "free" })).toBe(en.maySpeakAgain);
    expect(speech({ state: "mute_all" })).toBe(en.blockedMuteAll);
    expect(speech({ state: "free" })).toBe(en.maySpeakAgain);
    window.show({ type: "session", session: SESSIONS.online });
    for (const state of [
      { state: "wait", left_ms: 5000, code: 9009 },
      { state: "free" },
    ] as const) {
      expect(speech(state), "the wait of slow mode interrupts nobody").toBe(en.online);
    }
  });

  it("announces once that the reader is out of the room, and why", () => {
    const news = window.get("own-news");
    const kicked = roomView({ member: false, absence: { why: "kicked", info: "" } });
    window.show({ type: "room", room: kicked });
    expect(news.textContent).toBe(en.absentKicked);
    window.show({ type: "session", session: SESSIONS.reconnecting });
    const other = news.textContent;
    window.show({
      type: "room",
      room: { ...kicked, name: "another", absence: { ...kicked.absence } },
    });
    expect(news.textContent).toBe(other);
    window.show({ type: "room", room: roomView({}) });
    expect(news.textContent, "being in is the rule").toBe(other);
  });

  it("follows the keyboard, except where the reader is typing", () => {
    const panel = () => document.querySelector<HTMLElement>(".panel-place")?.hidden;
    window.press("c");
    expect(panel()).toBe(true);
    window.press("c");
    expect(panel()).toBe(false);
    window.press("t");
    expect(panel()).toBe(true);
    window.press("Enter");
    expect(panel()).toBe(false);
    expect(document.activeElement).toBe(window.get("composer"));
    window.press("c");
    expect(panel()).toBe(false);
    window.press("Escape");
    expect(document.activeElement).toBe(document.body);
    window.press("?");
    expect(document.querySelector("dialog")?.open).toBe(true);
    window.press("c");
    expect(panel(), "the dialog has the keyboard").toBe(false);
  });

  it("says where every comment went, by its cause", () => {
    window.show({
      type: "danmaku_counters",
      counters: {
        shown: 1200,
        folded: 34,
        queue_full: 5,
        expired: 6,
        hidden: 7,
        no_lane: 8,
        recalled: 9,
        waiting: 0,
      },
    });
    window.get("settings-button").click();
    const causes = ["shown", "folded", "queue-full", "expired", "no-lane", "hidden", "recalled"];
    const counts = causes.map((cause) => window.get(`danmaku-${cause}`).textContent);
    expect(counts).toEqual(["1,200", "34", "5", "6", "8", "7", "9"]);
  });

  it("asks the host for no flying comments while it is hidden", () => {
    const hide = (hidden: boolean) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event("visibilitychange"));
    };
    hide(true);
    expect(window.host.visibility).toEqual([true, false]);
    hide(false);
    expect(window.host.visibility).toEqual([true, false, true]);
    Reflect.deleteProperty(document, "hidden");
  });

  it("hides flying comments on D and tells the host", () => {
    expect(window.host.visibility).toEqual([true]);
    window.press("d");
    expect(window.host.visibility).toEqual([true, false]);
    expect(window.get("danmaku-canvas").hidden).toBe(true);
  });

  it("draws as sharp as the screen it is on, also after a move to another one", async () => {
    cleanup();
    const listeners = new Map<string, () => void>();
    vi.stubGlobal("matchMedia", (media: string) => ({
      matches: false,
      addEventListener: (_: string, run: () => void) => listeners.set(media, run),
      removeEventListener: () => listeners.delete(media),
    }));
    vi.stubGlobal("devicePixelRatio", 1);
    window = await openWindow(SESSIONS.online);
    const canvas = window.get<HTMLCanvasElement>("danmaku-canvas");
    layOut(canvas, 1280, 720);
    expect(canvas.width).toBe(1280);
    for (const ratio of [2, 1.5]) {
      const before = globalThis.window.devicePixelRatio;
      vi.stubGlobal("devicePixelRatio", ratio);
      listeners.get(`(resolution: ${before}dppx)`)?.();
      expect(canvas.width).toBe(1280 * ratio);
    }
    cleanup();
    expect([...listeners.keys()]).toEqual([]);
  });

  it("lets comments fly once the stage has a size, for testers to inspect", () => {
    layOut(window.get("danmaku-canvas"), 1280, 720);
    expect(window.host.budgets.at(-1)?.burst).toBeGreaterThan(5);
    const frames: FrameRequestCallback[] = [];
    vi.stubGlobal("requestAnimationFrame", (run: FrameRequestCallback) => frames.push(run));
    cleanup();
    return openWindow(SESSIONS.online).then((next) => {
      layOut(next.get("danmaku-canvas"), 1280, 720);
      const enter = [flyingComment({ id: 1, text: "666" }), flyingComment({ id: 2 })];
      next.show({ type: "danmaku", enter, folded: [], leave: [] });
      for (const run of frames.splice(0)) run(0);
      next.show({ type: "danmaku", enter: [], folded: [{ id: 1, count: 14 }], leave: [2, 3] });
      expect(globalThis.window.liveroomInspect?.danmaku()).toMatchObject([
        { text: "666", count: 14, own: false, height: 36 },
      ]);
    });
  });

  it("shows a ticker instead of flight where motion is not wanted", async () => {
    cleanup();
    vi.stubGlobal("matchMedia", (query: string) => ({
      matches: query.includes("reduced-motion"),
      addEventListener: () => {},
      removeEventListener: () => {},
    }));
    window = await openWindow(SESSIONS.online);
    layOut(window.get("danmaku-canvas"), 1280, 720);
    window.show({
      type: "danmaku",
      enter: [flyingComment({ id: 1, text: "first" }), flyingComment({ id: 2, text: "second" })],
      folded: [],
      leave: [],
    });
    expect(window.get("danmaku-ticker").textContent).toBe("first");
    window.show({ type: "danmaku", enter: [], folded: [{ id: 1, count: 3 }], leave: [] });
    expect(window.get("danmaku-ticker").textContent).toBe("first×3");
    window.show({ type: "danmaku", enter: [], folded: [], leave: [1, 2] });
    expect(window.find("danmaku-ticker"), "what was taken back is not shown").toBeUndefined();
    expect(globalThis.window.liveroomInspect?.danmaku()).toEqual([]);
    expect(window.host.budgets.at(-1)).toEqual({ per_second: 1, burst: 1 });
  });

  it("gives every control a name", () => {
    window.get("settings-button").click();
    const controls = document.querySelectorAll("button, input, select, textarea");
    expect(controls.length).toBeGreaterThan(12);
    for (const control of controls) {
      const label = control.id && document.querySelector(`label[for="${control.id}"]`);
      // The options of a select are its values, not its name.
      const text = control instanceof HTMLButtonElement && control.textContent?.trim();
      const name = control.getAttribute("aria-label") || text || label;
      expect(name, control.outerHTML).toBeTruthy();
    }
  });
});

describe("remembered settings", () => {
  it("survive what they cannot read", () => {
    const fresh = parseRemembered(null);
    expect(parseRemembered("not json")).toEqual(fresh);
    expect(parseRemembered("[]")).toEqual(fresh);
    expect(parseRemembered('{"theme":"pink","opacity":9,"area":0.3,"panelWidth":-1}')).toEqual({
      ...fresh,
      opacity: 1,
    });
    expect(parseRemembered('{"area":0.5,"danmaku":false}')).toMatchObject({
      area: 0.5,
      danmaku: false,
    });
  });
});
