import { cleanup } from "@solidjs/testing-library";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { RoomEvent } from "../src/host/host";
import { HEARTS_ALOFT, HEARTS_PER_BURST } from "../src/parts/likes/hearts";
import { SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

const likes = (burst: number): RoomEvent => ({
  type: "likes",
  likes: { total: 100, counted: true, unconfirmed: 0 },
  burst,
});

describe("likes over the picture", () => {
  let window: OpenWindow;
  const hearts = () => window.all("like-heart").length;
  const figure = () => window.find("like-burst-count")?.textContent;

  beforeEach(async () => {
    vi.useFakeTimers();
    window = await openWindow(SESSIONS.online);
  });

  it("rise as hearts, one for each of a few", () => {
    window.show(likes(3));
    expect(hearts()).toBe(3);
    expect(figure()).toBeUndefined();
    expect(window.get("like-burst").getAttribute("aria-hidden")).toBe("true");
  });

  it("are a figure beside a few hearts when there are many", () => {
    window.show(likes(40));
    expect(hearts()).toBe(HEARTS_PER_BURST);
    expect(figure()).toBe(`+${40 - HEARTS_PER_BURST}`);
    vi.advanceTimersByTime(1600);
    expect(figure()).toBeUndefined();
  });

  it("never fill the sky, however fast they come, and every one of them is told", () => {
    for (let burst = 0; burst < 100; burst++) window.show(likes(2));
    expect(hearts()).toBe(HEARTS_ALOFT);
    expect(figure()).toBe(`+${200 - HEARTS_ALOFT}`);
  });

  it("are gone when they have arrived, and also when nobody saw them arrive", () => {
    window.show(likes(3));
    window.get("like-heart").dispatchEvent(new Event("animationend"));
    expect(hearts()).toBe(2);
    vi.advanceTimersByTime(3000);
    expect(hearts()).toBe(0);
  });

  it("answer the reader's own click and key at once", () => {
    const answer = vi.spyOn(window.host, "like");
    answer.mockReturnValue(new Promise(() => {}));
    window.get("like").click();
    expect(hearts()).toBe(1);
    window.press("l");
    expect(hearts()).toBe(2);
    expect(answer).toHaveBeenCalledTimes(2);
  });

  it("answer the reader even while the sky is full", () => {
    for (let burst = 0; burst < 20; burst++) window.show(likes(5));
    const newest = () => window.all("like-heart").at(-1);
    const before = newest();
    window.press("l");
    expect(newest()).not.toBe(before);
    expect(hearts()).toBe(HEARTS_ALOFT);
  });

  it("of the reader rise once, not again when the host has counted them", async () => {
    window.get("like").click();
    await window.settle();
    expect(hearts()).toBe(1);
    expect(figure()).toBeUndefined();
  });

  it("are only a figure where motion is not wanted, which adds up for a moment", async () => {
    cleanup();
    vi.stubGlobal("matchMedia", (query: string) => ({
      matches: query.includes("reduced-motion"),
      addEventListener: () => {},
      removeEventListener: () => {},
    }));
    window = await openWindow(SESSIONS.online);
    window.show(likes(3));
    vi.advanceTimersByTime(1000);
    window.show(likes(1200));
    window.press("l");
    expect(hearts()).toBe(0);
    expect(figure()).toBe("+1,204");
    vi.advanceTimersByTime(600);
    expect(figure()).toBeUndefined();
    window.show(likes(2));
    expect(figure()).toBe("+2");
  });
});
