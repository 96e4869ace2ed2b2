import { onCleanup } from "solid-js";
import { isComposing } from "../../design/keyboard";
import { isPopoverOpen } from "../../design/Popover";
import type { Catalogue } from "../../i18n";
import type { Player } from "../../parts/stage/player";
import type { Settings } from "../../settings/settings";
import type { Actions } from "./actions";

interface Shortcut {
  id: string;
  /** Unless the reader has chosen another: as `KeyboardEvent.key` gives it, in lower case. */
  key: string;
  /** A key that types nothing. It always acts; the others can be changed and switched off. */
  fixed?: (words: Catalogue) => string;
  means: (words: Catalogue) => string;
  run: (actions: Actions, player: Player) => void;
}

/** The one table of shortcuts: the keyboard follows it and the list shows it. */
const TABLE = [
  {
    id: "say",
    key: "enter",
    fixed: (words) => words.keyEnter,
    means: (words) => words.keySay,
    run: (actions) => actions.compose(),
  },
  {
    id: "leave",
    key: "escape",
    fixed: (words) => words.keyEscape,
    means: (words) => words.keyLeave,
    run: (actions) => actions.leave(),
  },
  {
    id: "play",
    key: "k",
    means: (words) => words.keyPlay,
    run: (_, player) => player.toggle(),
  },
  {
    id: "mute",
    key: "m",
    means: (words) => words.keyMute,
    run: (_, player) => player.toggleSound(),
  },
  {
    id: "danmaku",
    key: "d",
    means: (words) => words.keyDanmaku,
    run: (actions) => actions.toggleDanmaku(),
  },
  {
    id: "like",
    key: "l",
    means: (words) => words.like,
    run: (actions) => actions.like(),
  },
  {
    id: "gifts",
    key: "g",
    means: (words) => words.gifts,
    run: (actions) => actions.showGifts(!actions.giftsShown()),
  },
  {
    id: "panel",
    key: "c",
    means: (words) => words.keyPanel,
    run: (actions) => actions.togglePanel(),
  },
  {
    id: "theatre",
    key: "t",
    means: (words) => words.keyTheatre,
    run: (actions) => actions.toggleTheatre(),
  },
  {
    id: "full-screen",
    key: "f",
    means: (words) => words.keyFullScreen,
    run: (actions) => actions.toggleFullScreen(),
  },
  {
    id: "shortcuts",
    key: "?",
    means: (words) => words.keyShortcuts,
    run: (actions) => actions.showShortcuts(true),
  },
] as const satisfies readonly Shortcut[];

export type ShortcutId = (typeof TABLE)[number]["id"];
export const SHORTCUTS: readonly (Shortcut & { id: ShortcutId })[] = TABLE;

type Chosen = Pick<Settings, "values">;

/** The key that acts now; empty when none does. */
function activeKey(settings: Chosen, shortcut: Shortcut): string {
  return shortcut.fixed || settings.values.keysOn ? chosenKey(settings, shortcut) : "";
}

/** The key that acts while those of letters are switched on. */
function chosenKey(settings: Chosen, shortcut: Shortcut): string {
  return shortcut.fixed ? shortcut.key : (settings.values.keys[shortcut.id] ?? shortcut.key);
}

/** How the key is written on the keyboard; undefined when there is none. */
export function chosenKeyName(
  settings: Chosen,
  shortcut: Shortcut,
  words: Catalogue,
): string | undefined {
  return shortcut.fixed?.(words) ?? (chosenKey(settings, shortcut).toUpperCase() || undefined);
}

/** The key that acts now, for the control that does the same. */
export function keyHint(settings: Chosen, id: ShortcutId): string | undefined {
  const shortcut = SHORTCUTS.find((each) => each.id === id);
  return (shortcut && activeKey(settings, shortcut).toUpperCase()) || undefined;
}

/** Gives a key to a shortcut. The one that had it gets the other's, so that no key means two things. */
export function chooseKey(settings: Settings, id: ShortcutId, key: string): void {
  const mine = SHORTCUTS.find((each) => each.id === id);
  if (!mine || mine.fixed) return;
  const other = SHORTCUTS.find((each) => each !== mine && key && chosenKey(settings, each) === key);
  if (other?.fixed) return;
  const swapped = other && { [other.id]: chosenKey(settings, mine) };
  settings.set("keys", { ...settings.values.keys, ...swapped, [id]: key });
}

const TYPING = "input:not([type=radio]), textarea, select, [contenteditable]";
const PRESSING = "button, input, a[href], summary, [role=separator], [role=dialog]";

/** Whether the focused element has a use of its own for the key. */
function belongsToFocus(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof Element)) return false;
  if (event.key === "Escape") return false;
  if (target.closest(TYPING)) return true;
  return event.key === "Enter" && target.closest(PRESSING) !== null;
}

export function followKeyboard(settings: Settings, actions: Actions, player: Player): void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || isComposing(event) || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // A modal dialog keeps the keyboard to itself; it closes itself on Escape.
    if (document.querySelector("dialog[open]") || belongsToFocus(event)) return;
    if (event.key === "Escape" && isPopoverOpen()) return;
    const key = event.key.toLowerCase();
    const shortcut = SHORTCUTS.find((each) => activeKey(settings, each) === key);
    if (!shortcut) return;
    event.preventDefault();
    shortcut.run(actions, player);
  };
  document.addEventListener("keydown", onKeyDown);
  onCleanup(() => document.removeEventListener("keydown", onKeyDown));
}
