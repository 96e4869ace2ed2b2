import { createSignal, type JSX, onCleanup, onMount, Show } from "solid-js";
import { tokenNumber } from "../../design/tokens";
import { useWords } from "../../i18n/context";
import type { ChatEntry } from "../../room/chat";

/** A shorter text of one line fits, however wide its letters are. */
const SHORT = 60;

/** Rows that the reader has opened stay open while the list scrolls. */
const opened = new WeakSet<ChatEntry>();

/** What a row says. So much of it is shown that no text takes the place of all the others. */
export function RowText(props: {
  entry: ChatEntry;
  text: string;
  children: JSX.Element;
}): JSX.Element {
  const words = useWords();
  const [long, setLong] = createSignal(false);
  const [open, setOpen] = createSignal(opened.has(props.entry));
  let flow!: HTMLDivElement;

  onMount(() => {
    // A row's text does not change while it stands, only what became of it.
    if (props.text.length <= SHORT && !props.text.includes("\n")) return;
    const most = tokenNumber("--row-lines", 12) * tokenNumber("--leading", 20);
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setLong(entry.contentRect.height > most);
    });
    observer.observe(flow);
    onCleanup(() => observer.disconnect());
  });

  const toggle = () => {
    if (open()) opened.delete(props.entry);
    else opened.add(props.entry);
    setOpen(!open());
  };

  return (
    <>
      <div class="chat-line" data-open={open()}>
        <div ref={flow} class="chat-flow" data-testid="chat-flow">
          {props.children}
        </div>
      </div>
      <Show when={long()}>
        <button
          type="button"
          class="link-button chat-more"
          data-testid="row-more"
          aria-expanded={open()}
          onClick={toggle}
        >
          {open() ? words().rowLess : words().rowMore}
        </button>
      </Show>
    </>
  );
}
