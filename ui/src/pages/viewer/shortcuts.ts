import { onCleanup } from "solid-js";
import { isComposing } from "../../design/keyboard";
import type { Catalogue } from "../../i18n";
import type { Player } from "../../parts/stage/player";
import type { Actions } from "./actions";

export interface Shortcut {
  /** As `KeyboardEvent.key` gives it, in lower case. */
  key: string;
  label: (words: Catalogue) => string;
  means: (words: Catalogue) => string;
  run: (actions: Actions, player: Player) => void;
}

const letter = (key: string, means: Shortcut["means"], run: Shortcut["run"]): Shortcut => ({
  key,
  label: () => key.toUpperCase(),
  means,
  run,
});

/** The one table of shortcuts: the keyboard follows it and the list shows it. */
export const SHORTCUTS: readonly Shortcut[] = [
  {
    key: "enter",
    label: (words) => words.keyEnter,
    means: (words) => words.keySay,
    run: (actions) => actions.compose(),
  },
  {
    key: "escape",
    label: (words) => words.keyEscape,
    means: (words) => words.keyLeave,
    run: (actions) => actions.leave(),
  },
  letter(
    "k",
    (words) => words.keyPlay,
    (_, player) => player.toggle(),
  ),
  letter(
    "m",
    (words) => words.keyMute,
    (_, player) => player.toggleSound(),
  ),
  letter(
    "d",
    (words) => words.keyDanmaku,
    (actions) => actions.toggleDanmaku(),
  ),
  letter(
    "l",
    (words) => words.like,
    (actions) => actions.like(),
  ),
  letter(
    "g",
    (words) => words.gifts,
    (actions) => actions.showGifts(!actions.giftsShown()),
  ),
  letter(
    "c",
    (words) => words.keyPanel,
    (actions) => actions.togglePanel(),
  ),
  letter(
    "t",
    (words) => words.keyTheatre,
    (actions) => actions.toggleTheatre(),
  ),
  letter(
    "f",
    (words) => words.keyFullScreen,
    (actions) => actions.toggleFullScreen(),
  ),
  letter(
    "?",
    (words) => words.keyShortcuts,
    (actions) => actions.showShortcuts(true),
  ),
];

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

export function followKeyboard(actions: Actions, player: Player): void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || isComposing(event) || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // A modal dialog keeps the keyboard to itself; it closes itself on Escape.
    if (document.querySelector("dialog[open]") || belongsToFocus(event)) return;
    const shortcut = SHORTCUTS.find(({ key }) => key === event.key.toLowerCase());
    if (!shortcut) return;
    event.preventDefault();
    shortcut.run(actions, player);
  };
  document.addEventListener("keydown", onKeyDown);
  onCleanup(() => document.removeEventListener("keydown", onKeyDown));
}
