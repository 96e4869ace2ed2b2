import { For, type JSX, Show } from "solid-js";
import { Guard } from "../../design/Guard";
import type { Catalogue, Direction } from "../../i18n";
import { useDirection, useWords } from "../../i18n/context";
import { ChatPanel } from "../../parts/chat/ChatPanel";
import { DrawCard } from "../../parts/draws/DrawCard";
import type { Draws } from "../../parts/draws/draws";
import { GoodsPanel } from "../../parts/goods/GoodsPanel";
import { type Actions, TABS, type Tab } from "./actions";

const NAMES: Record<Tab, (words: Catalogue) => string> = {
  chat: (words) => words.chat,
  goods: (words) => words.goods,
};

/** Where an arrow key leads from a tab; at either end it goes on at the other. */
function tabAt(key: string, from: number, direction: Direction): Tab | undefined {
  const onward = direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  switch (key) {
    case onward:
      return TABS[(from + 1) % TABS.length];
    case "ArrowLeft":
    case "ArrowRight":
      return TABS.at(from - 1);
    case "Home":
      return TABS[0];
    case "End":
      return TABS.at(-1);
    default:
      return undefined;
  }
}

function Tabs(props: { actions: Actions }): JSX.Element {
  const words = useWords();
  const direction = useDirection();
  const buttons = new Map<Tab, HTMLButtonElement>();
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const next = tabAt(event.key, TABS.indexOf(props.actions.tab()), direction());
    if (!next) return;
    event.preventDefault();
    props.actions.showTab(next);
    buttons.get(next)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={words().panel} onKeyDown={onKeyDown}>
      <For each={TABS}>
        {(tab) => (
          <button
            ref={(button) => buttons.set(tab, button)}
            type="button"
            class="tab"
            role="tab"
            id={`tab-${tab}`}
            data-testid={`tab-${tab}`}
            aria-selected={props.actions.tab() === tab}
            aria-controls={`panel-${tab}`}
            tabindex={props.actions.tab() === tab ? 0 : -1}
            onClick={() => props.actions.showTab(tab)}
          >
            {NAMES[tab](words())}
          </button>
        )}
      </For>
    </div>
  );
}

/** Both parts are always there, one of them hidden: each keeps its place and what was typed in it. */
export function SidePanel(props: {
  actions: Actions;
  draws: Draws;
  attach: (textarea: HTMLTextAreaElement) => void;
}): JSX.Element {
  const words = useWords();
  const part = (tab: Tab, children: JSX.Element) => (
    <div
      class="panel-part"
      role="tabpanel"
      id={`panel-${tab}`}
      aria-labelledby={`tab-${tab}`}
      hidden={props.actions.tab() !== tab}
    >
      {children}
    </div>
  );
  return (
    <aside class="panel" aria-label={words().panel}>
      <Tabs actions={props.actions} />
      <Show when={props.actions.panelShown() && !props.actions.fullScreen()}>
        <DrawCard draws={props.draws} />
      </Show>
      <div class="panel-parts">
        {part(
          "chat",
          <Guard name="chat">
            <ChatPanel attach={props.attach} />
          </Guard>,
        )}
        {part(
          "goods",
          <Guard name="goods">
            <GoodsPanel shown={props.actions.tab() === "goods"} />
          </Guard>,
        )}
      </div>
    </aside>
  );
}
