import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { chatRows, SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

describe("the tabs of the side panel", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    window = await openWindow(SESSIONS.online);
  });

  const chat = () => window.get("tab-chat");
  const goods = () => window.get("tab-goods");
  const panelOf = (tab: HTMLElement) =>
    document.getElementById(tab.getAttribute("aria-controls") ?? "");
  const shown = () => [chat(), goods()].filter((tab) => panelOf(tab)?.hidden === false);
  const texts = () => window.all("chat-text").map((element) => element.textContent);

  it("show the chat first and the goods on a click, one of them at a time", () => {
    expect(chat().closest("[role=tablist]")).toBe(goods().closest("[role=tablist]"));
    expect(shown()).toEqual([chat()]);
    expect(chat().getAttribute("aria-selected")).toBe("true");
    goods().click();
    expect(shown()).toEqual([goods()]);
    expect(goods().getAttribute("aria-selected")).toBe("true");
    expect(chat().getAttribute("aria-selected")).toBe("false");
    expect(panelOf(goods())?.getAttribute("role")).toBe("tabpanel");
    expect(panelOf(goods())?.getAttribute("aria-labelledby")).toBe(goods().id);
    chat().click();
    expect(shown()).toEqual([chat()]);
  });

  it("are one stop of the keyboard, with the arrow keys between them", () => {
    const stops = () => [chat(), goods()].filter((tab) => tab.tabIndex === 0);
    chat().focus();
    expect(stops()).toEqual([chat()]);
    for (const [key, reached] of [
      ["ArrowRight", goods],
      ["ArrowRight", chat],
      ["ArrowLeft", goods],
      ["Home", chat],
      ["End", goods],
    ] as const) {
      window.press(key);
      expect(document.activeElement, key).toBe(reached());
      expect(shown(), key).toEqual([reached()]);
      expect(stops(), key).toEqual([reached()]);
    }
  });

  it("keep the composer, and what is typed in it, with the chat", () => {
    expect(panelOf(chat())?.contains(window.get("composer"))).toBe(true);
    window.compose("half a sen");
    goods().click();
    chat().click();
    expect(window.get<HTMLTextAreaElement>("composer").value).toBe("half a sen");
  });

  it("keep the place of a reader who has scrolled up, and count what came meanwhile", () => {
    window.show({ type: "chat", rows: chatRows(0, 300) });
    const list = window.get("chat-list");
    list.scrollTop = -500;
    list.dispatchEvent(new Event("scroll"));
    const before = texts();
    goods().click();
    window.show({ type: "chat", rows: chatRows(300, 5) });
    chat().click();
    expect(window.get("chat-list"), "it is the same list").toBe(list);
    expect(list.scrollTop).toBe(-500);
    expect(texts()).toEqual(before);
    expect(window.get("new-messages").textContent).toContain("5 new messages");
  });

  it("hide a part without taking its size, with which the list would lose its place", () => {
    const sheet = document.createElement("style");
    sheet.textContent = readFileSync(
      join(import.meta.dirname, "../src/pages/viewer/viewer.css"),
      "utf8",
    );
    document.head.append(sheet);
    const look = (tab: HTMLElement) => {
      const { display, visibility } = getComputedStyle(panelOf(tab) ?? document.body);
      return [display, visibility];
    };
    goods().click();
    expect(look(chat())).toEqual(["flex", "hidden"]);
    expect(look(goods())).toEqual(["flex", "visible"]);
    sheet.remove();
  });

  it("keep following for a reader at the bottom", () => {
    window.show({ type: "chat", rows: chatRows(0, 300) });
    goods().click();
    window.show({ type: "chat", rows: chatRows(300, 5) });
    chat().click();
    expect(texts().at(-1)).toBe("line 304");
    expect(window.find("new-messages")).toBeUndefined();
  });

  it("leave the goods for the chat when the reader wants to say something", () => {
    goods().click();
    goods().blur();
    window.press("Enter");
    expect(shown()).toEqual([chat()]);
    expect(document.activeElement).toBe(window.get("composer"));
  });
});
