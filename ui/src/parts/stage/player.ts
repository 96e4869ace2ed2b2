import { type Accessor, createSignal, onCleanup } from "solid-js";

export type Picture = "loading" | "ready" | "failed";

export interface Player {
  picture: Accessor<Picture>;
  /** True while the picture really advances, not while it is merely meant to. */
  playing: Accessor<boolean>;
  /** What the play button shows: whether the reader wants it to run. */
  paused: Accessor<boolean>;
  muted: Accessor<boolean>;
  toggle(): void;
  toggleSound(): void;
  attach(video: HTMLVideoElement): void;
  load(): Promise<void>;
}

/** Without progress for this long the picture counts as standing still. */
const STALLED_AFTER_MS = 2000;

export function createPlayer(source: string): Player {
  const [picture, setPicture] = createSignal<Picture>("loading");
  const [playing, setPlaying] = createSignal(false);
  const [paused, setPaused] = createSignal(true);
  const [muted, setMuted] = createSignal(true);
  let video: HTMLVideoElement | undefined;
  let objectUrl: string | undefined;
  let lastTime = -1;
  let stalled: ReturnType<typeof setTimeout> | undefined;

  const stop = () => {
    clearTimeout(stalled);
    setPlaying(false);
  };
  const progress = () => {
    if (!video || video.paused || video.currentTime === lastTime) return;
    lastTime = video.currentTime;
    setPlaying(true);
    clearTimeout(stalled);
    stalled = setTimeout(stop, STALLED_AFTER_MS);
  };
  const fail = () => {
    stop();
    setPicture("failed");
  };
  const follow = () => {
    if (!video) return;
    setPaused(video.paused);
    if (video.paused) stop();
  };

  const play = () => {
    // A refused autoplay leaves the video paused, and the button says so.
    video?.play().catch(follow);
  };

  const release = () => {
    if (objectUrl) URL.revokeObjectURL(objectUrl);
    objectUrl = undefined;
  };

  const load = async () => {
    setPicture("loading");
    try {
      // The media player of WebKitGTK cannot read the shell's own scheme, but it can read a blob.
      const response = await fetch(source);
      if (!response.ok) throw new Error(`status ${response.status}`);
      release();
      objectUrl = URL.createObjectURL(await response.blob());
    } catch {
      fail();
      return;
    }
    if (!video) return;
    video.src = objectUrl;
    play();
  };

  onCleanup(() => {
    clearTimeout(stalled);
    release();
  });

  return {
    picture,
    playing,
    paused,
    muted,
    attach(element) {
      video = element;
      // Set here as a property: as an attribute it would only be the default.
      element.muted = true;
      for (const kind of ["play", "pause"]) element.addEventListener(kind, follow);
      for (const kind of ["playing", "timeupdate"]) element.addEventListener(kind, progress);
      for (const kind of ["waiting", "emptied"]) element.addEventListener(kind, stop);
      element.addEventListener("loadeddata", () => setPicture("ready"));
      element.addEventListener("volumechange", () => setMuted(element.muted));
      element.addEventListener("error", fail);
    },
    toggle() {
      if (!video) return;
      if (video.paused) play();
      else video.pause();
    },
    toggleSound() {
      if (video) video.muted = !video.muted;
    },
    load,
  };
}
