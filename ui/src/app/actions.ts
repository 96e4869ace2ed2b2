import { type Accessor, createSignal, onCleanup } from "solid-js";
import type { Host } from "../host/host";
import type { Settings } from "../settings/settings";

/** What the reader can do with the window, by button or by key. */
export interface Actions {
  theatre: Accessor<boolean>;
  fullScreen: Accessor<boolean>;
  panelShown: Accessor<boolean>;
  shortcutsShown: Accessor<boolean>;
  toggleDanmaku: () => void;
  togglePanel: () => void;
  toggleTheatre: () => void;
  toggleFullScreen: () => void;
  showShortcuts: (shown: boolean) => void;
  compose: () => void;
  like: () => void;
  /** Steps out of whatever the reader is in. */
  leave: () => void;
}

export interface Places {
  frame: () => HTMLElement;
  composer: () => HTMLTextAreaElement | undefined;
}

export function createActions(host: Host, settings: Settings, places: Places): Actions {
  const [theatre, setTheatre] = createSignal(false);
  const [fullScreen, setFullScreen] = createSignal(false);
  const [shortcutsShown, showShortcuts] = createSignal(false);
  const panelShown = () => settings.values.panelOpen && !theatre();

  const followFullScreen = () => setFullScreen(document.fullscreenElement !== null);
  document.addEventListener("fullscreenchange", followFullScreen);
  onCleanup(() => document.removeEventListener("fullscreenchange", followFullScreen));

  // Both promises reject only when the window system says no; the state then stays as it was.
  const leaveFullScreen = () => document.exitFullscreen().catch(followFullScreen);
  const enterFullScreen = () => places.frame().requestFullscreen().catch(followFullScreen);

  return {
    theatre,
    fullScreen,
    panelShown,
    shortcutsShown,
    toggleDanmaku: () => settings.set("danmaku", !settings.values.danmaku),
    togglePanel() {
      const show = !panelShown();
      setTheatre(false);
      settings.set("panelOpen", show);
    },
    toggleTheatre: () => setTheatre(!theatre()),
    toggleFullScreen: () => void (fullScreen() ? leaveFullScreen() : enterFullScreen()),
    showShortcuts,
    compose() {
      if (fullScreen()) void leaveFullScreen();
      setTheatre(false);
      settings.set("panelOpen", true);
      places.composer()?.focus();
    },
    // What could not be taken is not counted, and the total shows it.
    like: () => void host.like(),
    leave() {
      const focused = document.activeElement;
      // The button that was pressed to get into theatre still has the focus; only the composer is
      // a place of its own to leave first.
      if (theatre() && focused !== places.composer()) setTheatre(false);
      else if (focused instanceof HTMLElement) focused.blur();
    },
  };
}
