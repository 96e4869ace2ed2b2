import { beforeEach, describe, expect, it, vi } from "vitest";
import { SAY_EVERY_MS } from "../src/design/speaker";
import { Code, type DrawResultView, type OpenDrawView, type RoomEvent } from "../src/host/host";
import { en } from "../src/i18n/en";
import { figures } from "../src/i18n/figures";
import { zh } from "../src/i18n/zh";
import { sameWords } from "../src/parts/draws/joining";
import { drawNews } from "../src/parts/news/draws";
import { chatRow, roomView, SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

const NOW = new Date(2026, 10, 23, 20, 0).getTime();

function openDraw(change: Partial<OpenDrawView> = {}): OpenDrawView {
  return {
    draw: "d1",
    keyword: "kiln",
    prize: "Bud <b>vase</b>",
    winners: 3,
    ends_at_s: NOW / 1000 + 151,
    commitment: "c0ffee",
    min_level: 0,
    must_have_gifted: false,
    must_follow: false,
    ...change,
  };
}

function drawResult(change: Partial<DrawResultView> = {}): DrawResultView {
  return {
    draw: "d1",
    prize: "Bud vase",
    entrants: 1240,
    winners: [winner("Mei"), winner("Bo")],
    seed: "5eed",
    commitment: "c0ffee",
    ...change,
  };
}

const winner = (name: string, own = false) => ({ user_id: `id-${name}`, name, own });
const draws = (open: OpenDrawView[], results: DrawResultView[] = []): RoomEvent => ({
  type: "draws",
  draws: { open, results },
});

describe("a lucky draw", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    vi.useFakeTimers({ now: NOW });
    window = await openWindow(SESSIONS.online);
  });
  const join = () => window.get<HTMLButtonElement>("draw-join");
  const standing = () => [join().textContent, join().getAttribute("aria-disabled")];
  const said = async (change: () => void) => {
    change();
    await window.settle();
    return standing();
  };

  it("stands over the picture while the panel is folded away, and is the same card there", () => {
    window.show(draws([openDraw()], [drawResult({ draw: "d0" })]));
    window.get("draw-close").click();
    expect(window.get("draws").closest(".stage")).toBeNull();
    window.press("c");
    expect(window.all("draws")).toHaveLength(1);
    expect(window.get("draws").closest(".stage")).not.toBeNull();
    expect(window.find("draw-result"), "what was closed stays closed").toBeUndefined();
    window.press("c");
    expect(window.get("draws").closest(".stage")).toBeNull();
  });

  it("tells who can win, where not everybody can", () => {
    window.show(draws([openDraw()]));
    expect(window.find("draw-conditions")).toBeUndefined();
    window.show(draws([openDraw({ min_level: 3, must_have_gifted: true, must_follow: true })]));
    expect(window.get("draw-conditions").textContent).toBe(
      "Only viewers who have reached level 3 and have given a gift in this stream and follow the host can win.",
    );
  });

  it("stands above the chat while it is open, and says how to take part", () => {
    expect(window.find("draws")).toBeUndefined();
    window.show(draws([openDraw()]));
    const card = window.get("draw-open");
    expect(card.dataset.draw).toBe("d1");
    expect(window.get("draw-prize").textContent, "text of others is text").toBe("Bud <b>vase</b>");
    expect(window.get("draw-keyword").textContent).toBe("kiln");
    expect(card.textContent).toContain("Say kiln to take part");
    expect(card.textContent).toContain("3 winners");
    const chat = window.get("chat-list");
    expect(card.compareDocumentPosition(chat)).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
    window.show(draws([]));
    expect(window.find("draws"), "it was called off").toBeUndefined();
  });

  it.each([-3_600_000, 3_600_000])("counts down by the service's clock, %i ms off", (off) => {
    const draw = openDraw();
    window.show(
      { type: "clock", ahead_ms: off },
      draws([{ ...draw, ends_at_s: draw.ends_at_s + off / 1000 }]),
    );
    expect(window.get("draw-countdown").textContent).toBe("02:31");
    vi.advanceTimersByTime(31_000);
    expect(window.get("draw-countdown").textContent).toBe("02:00");
    expect(window.find("draw-join"), "there is time").toBeDefined();
  });

  it("counts down to its end, and then draws", () => {
    window.show(draws([openDraw()]));
    const countdown = window.get("draw-countdown");
    expect(countdown.getAttribute("role")).toBe("timer");
    expect(countdown.textContent).toBe("02:31");
    vi.advanceTimersByTime(31_000);
    expect(countdown.textContent).toBe("02:00");
    expect(window.find("draw-join")).toBeDefined();
    vi.advanceTimersByTime(120_000);
    expect(countdown.textContent).toBe("Drawing…");
    expect(window.find("draw-join"), "it is too late").toBeUndefined();
  });

  it("is joined with one press, once", async () => {
    window.show(draws([openDraw()]));
    expect(standing()).toEqual(["Say it", "false"]);
    window.host.sending = "held";
    expect(await said(() => join().click())).toEqual(["Say it", "true"]);
    expect(await said(() => window.host.confirm("own-1"))).toEqual(["You are in", "true"]);
    join().click();
    expect(window.host.said).toEqual(["kiln"]);
    vi.advanceTimersByTime(151_000);
    expect(join().textContent, "also while it is drawn").toBe("You are in");
  });

  it("is joined once by who presses again before the row has come", async () => {
    window.show(draws([openDraw()]));
    window.host.sending = "held";
    // The page has been given a batch and has not asked for the next one.
    window.host.push([{ type: "missed", count: 0 }]);
    join().click();
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(window.all("chat-row"), "no frame has come yet").toEqual([]);
    expect(standing()).toEqual(["Say it", "true"]);
    join().click();
    expect(window.host.said).toEqual(["kiln"]);
    window.frame();
    expect(await said(() => window.host.confirm("own-1"))).toEqual(["You are in", "true"]);
  });

  it("can be joined again when the list was told anew without the word", async () => {
    window.show(draws([openDraw()]));
    vi.spyOn(window.host, "sendComment").mockResolvedValue({ status: "ok", data: null });
    expect(await said(() => join().click())).toEqual(["Say it", "true"]);
    window.show({ type: "chat_reset", rows: [] });
    expect(standing()).toEqual(["Say it", "false"]);
    await said(() => join().click());
    const row = chatRow({ key: "own", own: true, text: "kiln", time_ms: NOW });
    window.show({ type: "chat_reset", rows: [row] });
    expect(standing()).toEqual(["You are in", "true"]);
  });

  it("is joined by who types the word, in any spelling that the shop takes", async () => {
    window.show(draws([openDraw({ keyword: "Lucky  Cup" })]));
    window.compose("the lucky bowl");
    expect(await said(() => window.get("send").click())).toEqual(["Say it", "false"]);
    window.compose("ＬＵＣＫＹ　cup");
    expect(await said(() => window.get("send").click())).toEqual(["You are in", "true"]);
    expect(sameWords("kiln", "my kiln")).toBe(false);
  });

  it("is not joined by what others say, nor by what was said too late", () => {
    window.show(draws([openDraw()]));
    window.show({ type: "chat", rows: [chatRow({ key: "a", text: "kiln", time_ms: NOW })] });
    expect(standing()).toEqual(["Say it", "false"]);
    const late = { own: true, text: "kiln", time_ms: NOW + 151_000 };
    window.show({ type: "chat", rows: [chatRow({ key: "b", ...late })] });
    expect(standing()).toEqual(["Say it", "false"]);
  });

  it("says why the word could not be said, and lets it be said again", async () => {
    window.show(draws([openDraw()]));
    window.host.sending = "offline";
    expect(await said(() => join().click())).toEqual(["Say it", "false"]);
    expect(window.get("draw-notice").textContent).toBe(en.codeNotOnline);
    window.host.sending = "refused";
    window.host.refusal = { code: Code.TooFast, info: "raw" };
    expect(await said(() => join().click())).toEqual(["Say it", "false"]);
    expect(window.get("draw-notice").textContent).toBe(en.codeTooFast);
    window.host.sending = "ok";
    expect(await said(() => window.get("retry").click())).toEqual(["You are in", "true"]);
    expect(window.find("draw-notice")).toBeUndefined();
  });

  it("does not take a comment that the room passed over for joining", async () => {
    window.show(draws([openDraw()]));
    window.host.sending = "held";
    await said(() => join().click());
    expect(await said(() => window.host.passOver("own-1"))).toEqual(["Say it", "false"]);
    expect(window.get("draw-notice").textContent).toBe(en.drawPassedOver);
    window.host.sending = "ok";
    expect(await said(() => join().click())).toEqual(["You are in", "true"]);
  });

  it("cannot be joined by who may not speak, for the composer's reason", () => {
    window.show(draws([openDraw()]), { type: "speech", speech: { state: "mute_all" } });
    expect(join().getAttribute("aria-disabled")).toBe("true");
    expect(join().title).toBe(window.get("composer-notice").textContent);
    expect(join().getAttribute("aria-describedby")).toContain("composer-notice");
    join().click();
    expect(window.host.said).toEqual([]);
    window.show({ type: "speech", speech: { state: "free" } });
    expect(join().getAttribute("aria-disabled")).toBe("false");
  });

  it("is not for who runs the room", () => {
    window.show(draws([openDraw()]), { type: "room", room: roomView({ role: "owner" }) });
    expect(window.get("draw-countdown").textContent).toBe("02:31");
    expect(window.find("draw-join")).toBeUndefined();
  });

  it("goes before one that ends later; the others are one press away", async () => {
    const later = openDraw({ draw: "d2", ends_at_s: NOW / 1000 + 400, keyword: "cup" });
    const last = openDraw({ draw: "d3", ends_at_s: NOW / 1000 + 900 });
    const shown = () => window.all("draw-open").map((card) => card.dataset.draw);
    window.show(draws([last, openDraw(), later]));
    expect(shown()).toEqual(["d1"]);
    await said(() => join().click());
    expect(window.get("draw-others").textContent).toBe("and 2 more");
    window.get("draw-others").click();
    expect(window.get("draw-others").getAttribute("aria-expanded")).toBe("true");
    expect(shown()).toEqual(["d1", "d2", "d3"]);
    const standings = window.all("draw-join").map((button) => button.dataset.standing);
    expect(standings, "the third has the same word").toEqual(["in", "out", "in"]);
    window.show(draws([last, later], [drawResult()]));
    expect(shown()).toEqual(["d2", "d3"]);
    window.show(draws([last], [drawResult()]));
    expect(window.find("draw-others")).toBeUndefined();
  });
});

describe("the result of a draw", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    vi.useFakeTimers({ now: NOW });
    window = await openWindow(SESSIONS.online);
  });
  const headline = () => window.get("draw-result").querySelector("h2")?.textContent;
  const names = () => window.all("draw-winner").map((each) => each.textContent);

  it("names who won, among how many, until it is closed", () => {
    window.show(draws([], [drawResult()]));
    expect(window.get("draw-result").dataset).toMatchObject({ draw: "d1", own: "false" });
    expect(headline()).toBe(en.drawResult);
    expect(names()).toEqual(["Mei", "Bo"]);
    expect(window.get("draw-entrants").textContent).toBe("1,240 took part");
    window.get("draw-close").click();
    expect(window.find("draws")).toBeUndefined();
    window.show(draws([], [drawResult({ commitment: "other" })]));
    expect(window.find("draws"), "it was closed").toBeUndefined();
  });

  it("says it first when the reader has won", () => {
    const winners = [..."abcdefgh"].map((name) => winner(name, name === "h"));
    window.show(draws([], [drawResult({ winners })]));
    expect(window.get("draw-result").dataset.own).toBe("true");
    expect(headline()).toBe("You won");
    expect(window.all("draw-winner").map((each) => each.dataset.own)[0]).toBe("true");
    expect(names()).toEqual([..."habcde"]);
    expect(window.get("draw-winners-more").textContent).toBe("2 more");
    window.get("draw-winners-more").click();
    expect(names()).toEqual([..."habcdefg"]);
  });

  it("stays under a newer draw that is open", () => {
    window.show(draws([openDraw({ draw: "d2", ends_at_s: Date.now() })], [drawResult()]));
    const result = window.get("draw-result");
    const position = window.get("draw-open").compareDocumentPosition(result);
    expect(position).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
  });

  it("gives way to a newer one, but not when the reader has won it", () => {
    const shown = () => window.find("draw-result")?.dataset.draw;
    const own = drawResult({ draw: "d2", winners: [winner("Me", true)] });
    window.show(draws([], [drawResult()]));
    window.show(draws([], [drawResult(), own]));
    expect(shown()).toBe("d2");
    const newest = drawResult({ draw: "d3" });
    window.show(draws([], [drawResult(), own, newest]));
    expect(shown()).toBe("d2");
    window.get("draw-close").click();
    expect(shown(), "what has not been seen yet").toBe("d3");
    window.get("draw-close").click();
    expect(shown(), "what is older than what was closed").toBeUndefined();
  });

  it("may have no winner", () => {
    window.show(draws([], [drawResult({ winners: [], entrants: 0 })]));
    expect(window.get("draw-result").textContent).toContain("Nobody took part.");
  });

  it("can be checked by anybody", async () => {
    const copied = vi.fn(async () => {});
    vi.stubGlobal("navigator", {
      ...navigator,
      languages: ["en"],
      clipboard: { writeText: copied },
    });
    window.show(draws([], [drawResult()]));
    const facts = ["draw-id", "draw-seed", "draw-commitment"].map((id) => window.get(id));
    expect(facts.map((fact) => fact.textContent)).toEqual(["d1", "5eed", "c0ffee"]);
    facts[1]?.parentElement?.querySelector("button")?.click();
    expect(copied).toHaveBeenCalledWith("5eed");
    expect(window.get("draw-verify").textContent).toContain(
      "liveroom draw verify RECORD --commitment COMMITMENT",
    );
    expect(window.find("draw-unheard")).toBeUndefined();
  });

  it("says so when this window has not heard the commitment", () => {
    window.show(draws([], [drawResult({ commitment: "" })]));
    expect(window.find("draw-commitment")).toBeUndefined();
    expect(window.get("draw-unheard").textContent).toBe(en.drawCommitmentUnheard);
    expect(window.get("draw-verify").textContent).not.toContain("--commitment");
  });

  it("interrupts the winner, and nobody else", () => {
    const [news, aside] = [window.get("own-news"), window.get("news")];
    const before = news.textContent;
    window.show(draws([openDraw()]));
    expect(aside.textContent).toBe(en.drawOpenNews("kiln", "Bud <b>vase</b>"));
    window.show(draws([], [drawResult()]));
    vi.advanceTimersByTime(SAY_EVERY_MS);
    expect(aside.textContent).toBe("The lucky draw is over. Bud vase goes to Mei and Bo.");
    expect(news.textContent).toBe(before);
    const own = drawResult({ draw: "d2", prize: "Cup", winners: [winner("Me", true)] });
    window.show(draws([], [drawResult(), own]));
    expect(news.textContent).toBe(en.drawWonNews("Cup"));
    window.show({ type: "session", session: SESSIONS.reconnecting });
    const other = news.textContent;
    window.show(draws([], [{ ...own, commitment: "" }]));
    expect(news.textContent, "it is known").toBe(other);
  });

  it("is heard with a few names of many, in both languages", () => {
    const result = drawResult({ winners: [..."abcdef"].map((name) => winner(name)) });
    const told = { open: [], results: [result] };
    expect(drawNews(en, figures("en"), told, undefined).aside).toBe(
      "The lucky draw is over. Bud vase goes to a, b, c, and 3 more.",
    );
    expect(drawNews(zh, figures("zh-Hans-CN"), told, undefined).aside).toContain(
      "a、b、c和另外 3 人",
    );
    const nobody = { open: [], results: [drawResult({ winners: [] })] };
    expect(drawNews(en, figures("en"), nobody, undefined).aside).toBe(
      en.drawNobodyNews("Bud vase"),
    );
  });
});
