import { beforeEach, describe, expect, it } from "vitest";
import type { LiveStatusView } from "../src/host/host";
import { en } from "../src/i18n/en";
import { SESSIONS } from "./support/rows";
import { type OpenWindow, openWindow } from "./support/window";

describe("whether the host is on", () => {
  let window: OpenWindow;
  beforeEach(async () => {
    window = await openWindow(SESSIONS.online);
  });
  const tell = (status: LiveStatusView) => window.show({ type: "live_status", status });

  it("is LIVE as soon as the room says so, whatever the picture does", () => {
    expect(window.find("live-status")).toBeUndefined();
    tell("live");
    expect(window.get("live").textContent).toBe("LIVE");
    expect(window.get("live-status").dataset.status).toBe("live");
  });

  it.each([
    ["paused", en.livePaused],
    ["to_be_started", en.liveSoon],
    ["ended", en.liveEnded],
    ["played_back", en.liveRecording],
  ] as const)("is told in the title when it is %s, and is not LIVE then", (status, words) => {
    tell("live");
    tell(status);
    expect(window.get("live-status").textContent).toBe(words);
    expect(window.get("live-status").dataset.status).toBe(status);
    expect(window.find("live")).toBeUndefined();
  });

  it("is read off the picture where the room does not tell", () => {
    tell("paused");
    tell("unknown");
    expect(window.find("live-status")).toBeUndefined();
    const video = window.get<HTMLVideoElement>("stage-video");
    Object.defineProperty(video, "paused", { value: false, configurable: true });
    video.currentTime = 1;
    video.dispatchEvent(new Event("timeupdate"));
    expect(window.get("live").textContent).toBe("LIVE");
  });

  it("explains a picture that stands still, in a place that is read out", () => {
    expect(window.find("stage-status")).toBeUndefined();
    tell("paused");
    expect(window.get("stage-status").textContent).toBe(en.stagePaused);
    expect(window.get("news").textContent).toBe(en.stagePaused);
    tell("ended");
    expect(window.get("stage-status").textContent).toBe(en.stageEnded);
    for (const status of ["live", "to_be_started", "played_back", "unknown"] as const) {
      tell(status);
      expect(window.find("stage-status"), status).toBeUndefined();
    }
  });
});
