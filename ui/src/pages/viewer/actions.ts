import { type Accessor, createSignal, onCleanup } from "solid-js";
import type { Host } from "../../host/host";
import type { Settings } from "../../settings/settings";

/** What the side panel shows. */
export const TABS = ["chat", "goods"] as const;
export type Tab = (typeof TABS)[number];

/** What the reader can do with the window, by button or by key. */
export interface Actions {
  theatre: Accessor<boolean>;
  fullScreen: Accessor<boolean>;
  panelShown: Accessor<boolean>;
  tab: Accessor<Tab>;
  giftsShown: Accessor<boolean>;
  shortcutsShown: Accessor<boolean>;
  toggleDanmaku: () => void;
  togglePanel: () => void;
  toggleTheatre: () => void;
  toggleFullScreen: () => void;
  showShortcuts: (shown: boolean) => void;
  showTab: (tab: Tab) => void;
  showGifts: (shown: boolean) => void;
  compose: () => void;
  like: () => void;
  /** Steps out of whatever the reader is in. */
  leave: () => void;
}

export interface Places {
  frame: () => HTMLElement;
  composer: () => HTMLTextAreaElement | undefined;
}

/** `liked` is told of each like of the reader at once; what the host makes of it comes later. */
export function createActions(
  host: Host,
  settings: Settings,
  places: Places,
  liked: () => void,
): Actions {
  const [theatre, setTheatre] = createSignal(false);
  const [fullScreen, setFullScreen] = createSignal(false);
  const [shortcutsShown, showShortcuts] = createSignal(false);
  const [tab, showTab] = createSignal<Tab>("chat");
  const [giftsShown, showGifts] = createSignal(false);
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
    tab,
    giftsShown,
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
    showTab,
    showGifts,
    compose() {
      if (fullScreen()) void leaveFullScreen();
      setTheatre(false);
      settings.set("panelOpen", true);
      showTab("chat");
      places.composer()?.focus();
    },
    like() {
      liked();
      // What could not be taken is not counted, and the total shows it.
      void host.like();
    },
    leave() {
      const focused = document.activeElement;
      // The button that was pressed to get into theatre still has the focus; only the composer is
      // a place of its own to leave first.
      if (theatre() && focused !== places.composer()) setTheatre(false);
      else if (focused instanceof HTMLElement) focused.blur();
    },
  };
}
