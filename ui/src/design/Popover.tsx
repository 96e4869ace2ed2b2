import {
  createEffect,
  createSignal,
  createUniqueId,
  type JSX,
  on,
  onMount,
  Show,
  untrack,
} from "solid-js";
import { Icon, type IconName } from "./Icon";
import { withKey } from "./keyboard";
import "./popover.css";

/** Whether one is open, which Escape closes before it does anything else. */
export function isPopoverOpen(): boolean {
  return document.querySelector("[popover][data-open=true]") !== null;
}

/**
 * A button, and what it opens. Not modal: the picture goes on behind it. The platform closes it on
 * Escape and on a press elsewhere, puts it above everything else, also in full screen, and gives the
 * focus back. What is in it is made when it opens; what has the attribute `autofocus` gets the focus.
 */
export function Popover(props: {
  name: string;
  icon: IconName;
  shortcut?: string | undefined;
  /** Of the button. */
  testId: string;
  class: string;
  open: boolean;
  setOpen: (open: boolean) => void;
  children: JSX.Element;
}): JSX.Element {
  const id = createUniqueId();
  let button!: HTMLButtonElement;
  let panel!: HTMLDivElement;
  /** As the platform has it. What is in it stays until it is hidden: the focus may be there. */
  const [shown, setShown] = createSignal(false);

  onMount(() => {
    // Before it is shown, so that there is something to show and to give the focus to.
    panel.addEventListener("beforetoggle", (event) => {
      if (event.newState !== "open") return;
      // The focus goes back to where it was: from nowhere, to the button.
      if (document.activeElement === document.body) button.focus();
      setShown(true);
      props.setOpen(true);
    });
    panel.addEventListener("toggle", (event) => {
      if (event.newState !== "closed") return;
      setShown(false);
      props.setOpen(false);
    });
  });
  createEffect(
    on(
      () => props.open,
      (open) => {
        if (open === untrack(shown)) return;
        if (open) panel.showPopover();
        else panel.hidePopover();
      },
    ),
  );

  return (
    <>
      <button
        ref={button}
        type="button"
        class="icon-button popover-button"
        data-testid={props.testId}
        popovertarget={id}
        aria-label={props.name}
        aria-keyshortcuts={props.shortcut}
        aria-expanded={shown()}
        aria-haspopup="dialog"
        title={withKey(props.name, props.shortcut)}
      >
        <Icon name={props.icon} />
      </button>
      <div
        ref={panel}
        id={id}
        class={`popover ${props.class}`}
        popover="auto"
        role="dialog"
        tabindex="-1"
        data-open={shown()}
        aria-label={props.name}
      >
        <Show when={shown() || props.open}>{props.children}</Show>
      </div>
    </>
  );
}
