import { beforeEach, describe, expect, it, vi } from "vitest";
import { faultReport, redact } from "../src/app/report";
import { start } from "../src/app/start";
import { STORM } from "../src/app/watch";
import { faultCount, faults, forgetFaults, recordFault } from "../src/design/faults";
import { en } from "../src/i18n/en";
import { chatRow, chatRows, roomView, SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

/** No service sends it, and the code does not expect it. */
const IMPOSSIBLE = undefined as never;

describe("what goes wrong in the window", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    window = await openWindow(SESSIONS.online);
  });
  const fail = (error: unknown) =>
    globalThis.window.dispatchEvent(new ErrorEvent("error", { error, message: "failed" }));

  it("in one row stops the chat, and nothing else, until it is started again", () => {
    window.show({ type: "chat", rows: [chatRow({ key: "bad", text: IMPOSSIBLE })] });
    expect(window.get("part-stopped").textContent).toContain(en.partStopped);
    expect(window.find("chat-list")).toBeUndefined();
    window.show({ type: "online", count: 7 });
    expect(window.get("online-count").textContent).toBe("7");
    expect(window.find("stage-video")).toBeDefined();
    window.show({ type: "chat_reset", rows: chatRows(0, 2) });
    window.get("part-stopped").querySelector("button")?.click();
    expect(window.find("part-stopped")).toBeUndefined();
    expect(window.all("chat-row")).toHaveLength(2);
  });

  it("in the page itself shows what can be done, instead of a window that stands still", () => {
    window.show({ type: "room", room: roomView({ name: IMPOSSIBLE, host: 5 as never }) });
    expect(window.get("crash").textContent).toContain(en.crashTitle);
    expect(document.activeElement).toBe(window.get("restart"));
    expect(window.get("report").textContent).toContain('"where": "page"');
    window.get("restart").click();
    expect(window.restarted()).toBe(1);
  });

  it("once where nobody caught it is told, and the window goes on", () => {
    fail(new Error("once"));
    expect(window.get("fault-bar").textContent).toContain(en.faultWords);
    window.show({ type: "online", count: 7 });
    expect(window.get("online-count").textContent).toBe("7");
    window.get("fault-close").click();
    expect(window.find("fault-bar")).toBeUndefined();
    const rejected = new Event("unhandledrejection") as PromiseRejectionEvent;
    Object.assign(rejected, { reason: new Error("again") });
    globalThis.window.dispatchEvent(rejected);
    expect(window.find("fault-bar")).toBeDefined();
    expect(faults().map(({ where, message }) => [where, message])).toEqual([
      ["window", "once"],
      ["promise", "again"],
    ]);
  });

  it("again and again ends it: it would only look as if it worked", () => {
    for (let time = 1; time < STORM.faults; time++) fail(new Error("in each frame"));
    expect(window.find("crash")).toBeUndefined();
    fail(new Error("in each frame"));
    expect(window.find("crash")).toBeDefined();
    expect(window.find("stage-video")).toBeUndefined();
  });

  it("is not what a browser says of a measurement that was late", () => {
    fail(undefined);
    expect(window.find("fault-bar")).toBeUndefined();
    expect(faultCount()).toBe(0);
  });

  it("is saved as a file, or copied", async () => {
    const copied = vi.fn(async (_: string) => {});
    vi.stubGlobal("navigator", { ...navigator, clipboard: { writeText: copied } });
    const saved: string[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: unknown) {
      saved.push((this as HTMLAnchorElement).download);
    });
    for (let time = 0; time < STORM.faults; time++) fail(new Error("broken"));
    window.get("report-save").click();
    expect(saved).toEqual(["liveroom-report.json"]);
    window.get("report-copy").click();
    await window.settle();
    expect(JSON.parse(copied.mock.lastCall?.[0] ?? "").faults[0].message).toBe("broken");
    expect(window.get("report-copy").textContent).toBe(en.copied);
  });
});

describe("a window that cannot even be opened", () => {
  it("says so, in the reader's language", async () => {
    vi.stubGlobal("navigator", { ...navigator, languages: ["zh-CN"] });
    const root = document.createElement("div");
    document.body.append(root);
    const restart = vi.fn();
    const close = await start(root, () => Promise.reject(new Error("no host")), restart);
    expect(root.textContent).toContain("窗口已停止工作");
    expect(root.textContent).toContain("no host");
    root.querySelector("button")?.click();
    expect(restart).toHaveBeenCalledOnce();
    close();
    root.remove();
    forgetFaults();
  });
});

describe("the report", () => {
  it("holds no secret that came along", () => {
    const secrets = [
      "eJwtzEsOgjAUheG9dGpTL32hJg5wRhAHkFp1ZkI1N7xKoYHEuHcRGZ7-0*n*Zq-sxUZ",
      "UserSig=abc123def456",
      "Authorization: Bearer abcdef123",
      'token: "s3cr3t-value"',
      "password=hunter2hunter2",
      "https://mei:pass@example.org/room",
      "http://127.0.0.1:8091/v4/x?sdkappid=14&usersig=qwertz&random=99",
      "http://127.0.0.1/overlay/chat/#TOKEN=abcdefgh",
      "/home/mei/.local/share/liveroom",
      "C:\\Users\\mei\\AppData",
    ];
    const told = secrets.map((secret) => redact(`failed: ${secret} at once`));
    const gone = /eJwtz|abc123|abcdef|s3cr3t|hunter2|mei:pass|qwertz|random=9|home\/mei|Users\\mei/;
    for (const text of told) expect(text).not.toMatch(gone);
    for (const text of told) expect(text).toMatch(/^failed: .*…/);
    const harmless = [
      "TypeError: text.replace is not a function\n    at foreignText (index-8ioyBwGq.js:1:204)",
      "no such key expected, the token expired",
      "at HTMLDocument.onKeyDown (http://tauri.localhost/assets/index-8ioyBwGq.js:1:20431)",
    ];
    for (const text of harmless) expect(redact(text)).toBe(text);
  });

  it("has the first faults and the last ones, and a bound", () => {
    forgetFaults();
    for (let at = 0; at < 5000; at++) recordFault("frame", new Error(`fault ${at}`));
    const messages = faults().map(({ message }) => message);
    expect(messages).toHaveLength(20);
    expect([messages[0], messages.at(-1)]).toEqual(["fault 0", "fault 4999"]);
    const long = { at: 0, where: "x", message: "m".repeat(9000), stack: "s ".repeat(9000) };
    const report = JSON.parse(faultReport([long], faultCount()));
    expect(report.count).toBe(5000);
    expect(JSON.stringify(report).length).toBeLessThan(6000);
    forgetFaults();
    recordFault("x", "no error at all");
    expect(faults()[0]?.message).toBe("no error at all");
    forgetFaults();
  });
});
