import { onCleanup, onMount } from "solid-js";
import { isComposing } from "../design/keyboard";

export interface PopoverParts {
  popover: () => HTMLElement;
  opener: () => HTMLElement;
  /** Where the focus goes when it opens. */
  first: () => HTMLElement;
  close: () => void;
}

/** Not modal: the picture goes on behind it. Escape closes it, and so does a press elsewhere. */
export function followPopover({ popover, opener, first, close }: PopoverParts): void {
  onMount(() => {
    first().focus();
    const onPointerDown = (event: PointerEvent) => {
      const target = event.target as Node;
      if (!popover().contains(target) && !opener().contains(target)) close();
    };
    // On the document: the focus may have moved on, and the popover still has to close.
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || isComposing(event)) return;
      if (document.querySelector("dialog[open]")) return;
      event.preventDefault();
      close();
      opener().focus();
    };
    document.addEventListener("pointerdown", onPointerDown);
    document.addEventListener("keydown", onKeyDown, { capture: true });
    onCleanup(() => {
      document.removeEventListener("pointerdown", onPointerDown);
      document.removeEventListener("keydown", onKeyDown, { capture: true });
      // What it is closed by may leave the focus inside, where it would be lost.
      if (popover().contains(document.activeElement)) opener().focus();
    });
  });
}
