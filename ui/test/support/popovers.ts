/** What the platform does with `popover` and `popovertarget`, which jsdom leaves out. */
const shown = new Map<HTMLElement, Element | null>();

function tell(panel: HTMLElement, kind: string, newState: string): void {
  panel.dispatchEvent(Object.assign(new Event(kind), { newState }));
}

function show(panel: HTMLElement): void {
  if (shown.has(panel)) return;
  for (const other of [...shown.keys()]) hide(other);
  tell(panel, "beforetoggle", "open");
  const before = document.activeElement;
  shown.set(panel, before);
  panel.querySelector<HTMLElement>("[autofocus]")?.focus();
  tell(panel, "toggle", "open");
}

function hide(panel: HTMLElement): void {
  if (!shown.has(panel)) return;
  const before = shown.get(panel);
  shown.delete(panel);
  tell(panel, "beforetoggle", "closed");
  if (panel.contains(document.activeElement) && before instanceof HTMLElement) before.focus();
  tell(panel, "toggle", "closed");
}

function panelOf(target: EventTarget | null): HTMLElement | null {
  const button = target instanceof Element ? target.closest("[popovertarget]") : null;
  return button && document.getElementById(button.getAttribute("popovertarget") ?? "");
}

export function resetPopovers(): void {
  shown.clear();
}

export function standInForPopovers(): void {
  HTMLElement.prototype.showPopover = function () {
    show(this);
  };
  HTMLElement.prototype.hidePopover = function () {
    hide(this);
  };
  // On the window: the page's own listeners come first, and may have prevented it.
  window.addEventListener("click", (event) => {
    const panel = panelOf(event.target);
    if (!panel || event.defaultPrevented) return;
    if (shown.has(panel)) hide(panel);
    else show(panel);
  });
  window.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || event.keyCode === 229) return;
    const top = [...shown.keys()].at(-1);
    if (top) hide(top);
  });
  window.addEventListener("pointerdown", (event) => {
    for (const panel of [...shown.keys()]) {
      const inside = panel.contains(event.target as Node) || panelOf(event.target) === panel;
      if (!inside) hide(panel);
    }
  });
}
