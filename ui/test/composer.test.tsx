import { cleanup } from "@solidjs/testing-library";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { SAY_EVERY_MS } from "../src/design/speaker";
import { Code } from "../src/host/host";
import { en } from "../src/i18n/en";
import { commentLength } from "../src/parts/chat/limits";
import { chatRow, roomView, SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

describe("saying something", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    window = await openWindow(SESSIONS.online);
  });

  const composer = () => window.get<HTMLTextAreaElement>("composer");
  const notice = () => window.find("composer-notice")?.textContent;

  it("shows the comment at once as being sent, then as sent", async () => {
    window.host.sending = "held";
    window.compose("hello there");
    window.get("send").click();
    await window.settle();
    expect(composer().value).toBe("");
    const row = window.get("chat-row");
    expect(row.dataset).toMatchObject({ state: "sending", own: "true", key: "own-1" });
    expect(window.get("chat-text").textContent).toBe("hello there");
    window.host.confirm("own-1");
    window.frame();
    expect(window.get("chat-row").dataset.state).toBe("sent");
    expect(window.get("chat-row")).toBe(row);
  });

  it("shows a refused comment with its reason, and sends it again on request", async () => {
    window.host.sending = "refused";
    window.compose("hello");
    window.get("send").click();
    await window.settle();
    expect(window.get("chat-row").dataset.state).toBe("failed");
    expect(window.get("chat-row").textContent).toContain("Not sent. You are muted in this room.");
    expect(window.get("own-news").textContent).toBe("Not sent. You are muted in this room.");
    window.host.sending = "held";
    window.get("retry").click();
    await window.settle();
    expect(window.host.retried).toEqual(["own-1"]);
    expect(window.get("chat-row").dataset.state).toBe("sending");
    expect(window.find("retry")).toBeUndefined();
    window.host.confirm("own-1");
    window.frame();
    expect(window.get("chat-row").dataset.state).toBe("sent");
    expect(window.all("chat-row")).toHaveLength(1);
  });

  it("says why a refused comment could not be tried again", async () => {
    window.host.sending = "refused";
    window.compose("hello");
    window.get("send").click();
    await window.settle();
    window.host.retryRefusal = { code: Code.RoomGone, info: "raw" };
    window.get("retry").click();
    await window.settle();
    expect(window.get("chat-row").dataset.state).toBe("failed");
    expect(window.get("chat-row").textContent).toContain("Not sent. This room has been closed.");
    expect(window.find("retry")).toBeDefined();
  });

  it("gives the text back when it was not taken, together with what was typed since", async () => {
    window.host.sending = "offline";
    window.compose("keep me");
    window.get("send").click();
    window.compose("and me");
    await window.settle();
    expect(composer().value).toBe("keep me and me");
    expect(notice()).toBe("You are not connected.");
    window.compose("keep me!");
    expect(notice()).toBeUndefined();
  });

  it("stands in the composer before sending when there is no connection", () => {
    for (const state of ["offline", "reconnecting", "kicked", "sig_expired"] as const) {
      window.compose("text");
      window.show({ type: "session", session: SESSIONS[state] });
      expect(notice(), state).toBeTruthy();
      window.get("send").click();
      expect(window.host.said).toEqual([]);
      expect(composer().value).toBe("text");
    }
    window.show({ type: "session", session: SESSIONS.online });
    expect(notice()).toBeUndefined();
  });

  it("stands in the composer when the room is closed", () => {
    window.show({ type: "room", room: { ...roomView(), absence: { why: "dismissed" } } });
    expect(notice()).toBe("This room has been closed.");
    expect(window.get("send").getAttribute("aria-disabled")).toBe("true");
  });

  it("stands in the composer while the reader may not speak, with what is left of the wait", () => {
    window.compose("text");
    window.show({ type: "speech", speech: { state: "mute_all" } });
    expect(notice()).toContain("Only the host and administrators can speak just now.");
    window.get("send").click();
    expect(window.host.said).toEqual([]);
    expect(composer().value).toBe("text");
    const speech = { state: "wait", left_ms: 60_000, code: Code.SlowMode } as const;
    window.show({ type: "speech", speech });
    expect(notice()).toMatch(/^You can say something again in \d+ s\.$/);
    expect(window.get("send").getAttribute("aria-disabled")).toBe("true");
    window.show({ type: "speech", speech: { state: "free" } });
    expect(notice()).toBeUndefined();
    window.get("send").click();
    expect(window.host.said).toEqual(["text"]);
  });

  it("says quietly that a comment was not among those the room could show", async () => {
    window.host.sending = "held";
    window.compose("hello");
    window.get("send").click();
    await window.settle();
    const alarm = window.get("own-news").textContent;
    window.host.passOver("own-1");
    window.frame();
    expect(window.get("chat-row").dataset.state).toBe("sampled_out");
    expect(window.get("row-aside").textContent).toContain("Only you see this.");
    expect(window.find("retry")).toBeUndefined();
    expect(window.get("own-news").textContent, "it interrupts nobody").toBe(alarm);
    expect(window.get("news").textContent).toContain("Only you see this.");
  });

  it("says that an own comment was taken back, and drops those of others", async () => {
    cleanup();
    vi.useFakeTimers();
    window = await openWindow(SESSIONS.online);
    window.show({ type: "chat", rows: [chatRow({ key: "theirs" })] });
    window.host.sending = "ok";
    window.compose("hello");
    window.get("send").click();
    await window.settle();
    window.host.takeBack("own-1");
    window.show({ type: "chat_removed", keys: ["theirs"] });
    expect(window.all("chat-row").map((row) => row.dataset.key)).toEqual(["own-1"]);
    expect(window.get("row-aside").textContent).toBe("This was taken back.");
    expect(window.get("news").textContent, "it waits for a pause").toBe("Guest 1: hello");
    vi.advanceTimersByTime(SAY_EVERY_MS);
    expect(window.get("news").textContent).toBe("This was taken back.");
  });

  it("says to who hears the window why it was refused, each time", async () => {
    const news = () => window.get("own-news").firstElementChild;
    window.host.sending = "offline";
    window.compose("hello");
    window.get("send").click();
    await window.settle();
    expect(news()?.textContent).toBe(en.codeNotOnline);
    const first = news();
    window.get("send").click();
    await window.settle();
    expect(news()?.textContent).toBe(en.codeNotOnline);
    expect(news(), "the same words are news again").not.toBe(first);
    window.compose("字".repeat(503));
    expect(window.get("news").textContent).toBe(en.codeTooLong);
    window.get("send").click();
    expect(news()?.textContent).toBe("3 characters too long");
    window.compose("hello");
    window.show({ type: "speech", speech: { state: "guest" } });
    window.get("send").click();
    expect(news()?.textContent).toBe(en.codeGuestsReadOnly);
  });

  it("says how many characters are too many and sends none of them", async () => {
    window.compose("字".repeat(503));
    expect(notice()).toBe("3 characters too long");
    window.get("send").click();
    await window.settle();
    expect(window.host.said).toEqual([]);
    expect(composer().value).toHaveLength(503);
    window.compose("字".repeat(500));
    expect(notice()).toBeUndefined();
    window.get("send").click();
    await window.settle();
    expect(window.host.said).toHaveLength(1);
  });

  it("says how many characters are left near the limit", () => {
    window.compose("a".repeat(449));
    expect(document.body.textContent).not.toContain("left");
    window.compose("a".repeat(490));
    expect(document.body.textContent).toContain("10 left");
  });

  it("sends on Enter, but not while an input method is at work or with Shift", () => {
    composer().focus();
    window.compose("nihao");
    window.press("Enter", { isComposing: true });
    window.press("Enter", { keyCode: 229 });
    window.press("Enter", { shiftKey: true });
    expect(window.host.said).toEqual([]);
    window.press("Enter");
    expect(window.host.said).toEqual(["nihao"]);
  });

  it("does not send blanks", () => {
    window.compose("  \n ");
    window.get("send").click();
    expect(window.host.said).toEqual([]);
  });

  it("words a refusal it does not know with the host's sentence", async () => {
    window.host.refusal = { code: 4711, info: "The room is in rehearsal." };
    window.host.sending = "refused";
    window.compose("hello");
    window.get("send").click();
    await window.settle();
    expect(window.get("chat-row").textContent).toContain("The room is in rehearsal.");
    window.host.refuse("own-1", { code: Code.TooFast, info: "raw" });
    window.frame();
    expect(window.get("chat-row").textContent).toContain("Too fast. Wait a moment.");
  });
});

describe("the length of a comment", () => {
  it("is counted in characters, without the blanks around it", () => {
    expect(commentLength("  abc ")).toBe(3);
    expect(commentLength("👏👏")).toBe(2);
    expect(commentLength("")).toBe(0);
  });
});
