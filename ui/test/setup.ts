import { cleanup } from "@solidjs/testing-library";
import { afterEach, beforeEach, vi } from "vitest";
import { resetLayout, StubResizeObserver } from "./support/layout";
import { resetPopovers, standInForPopovers } from "./support/popovers";

/** What jsdom leaves out and the window needs; none of it takes part in what the tests check. */

const context = new Proxy({} as Record<string, unknown>, {
  get: (target, name: string) => {
    if (name === "measureText") return (text: string) => ({ width: text.length * 10 });
    return name in target ? target[name] : () => {};
  },
});

standInForPopovers();

beforeEach(() => {
  resetLayout();
  resetPopovers();
  localStorage.clear();
  vi.stubGlobal("ResizeObserver", StubResizeObserver);
  vi.stubGlobal("matchMedia", (query: string) => ({
    matches: false,
    media: query,
    addEventListener: () => {},
    removeEventListener: () => {},
  }));
  vi.stubGlobal("fetch", async () => new Response(new Blob()));
  URL.createObjectURL = () => "blob:clip";
  URL.revokeObjectURL = () => {};
  HTMLCanvasElement.prototype.getContext = (() => context) as never;
  HTMLMediaElement.prototype.play = async () => {};
  HTMLMediaElement.prototype.pause = () => {};
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function () {
    this.open = false;
    this.dispatchEvent(new Event("close"));
  };
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});
