import { createMemo, type JSX, onCleanup, onMount, Show } from "solid-js";
import { useLiveroom } from "../app/context";
import { errorWords } from "../connection/words";
import { Icon } from "../design/Icon";
import type { ChatEntry } from "../state/chat";
import { hueOf } from "./hue";

export function ChatRowView(props: {
  entry: ChatEntry;
  observe: (element: HTMLElement) => () => void;
}): JSX.Element {
  const { host, settings } = useLiveroom();
  const words = settings.words;
  const row = () => props.entry.row();
  const time = createMemo(() =>
    new Intl.DateTimeFormat(settings.locale(), { hour: "2-digit", minute: "2-digit" }).format(
      row().time_ms,
    ),
  );
  let element!: HTMLDivElement;
  onMount(() => onCleanup(props.observe(element)));

  return (
    <div
      ref={element}
      class="chat-row"
      data-testid="chat-row"
      data-key={row().key}
      data-state={row().state}
      data-own={row().own}
    >
      <bdi class={`chat-name hue-${hueOf(row().user_id)}`}>{row().name}</bdi>{" "}
      <span class="chat-text selectable" data-testid="chat-text" dir="auto">
        {row().text}
      </span>
      <time class="chat-time figures">{time()}</time>
      <Show when={row().state === "sending"}>
        <span class="visually-hidden">{words().rowSending}</span>
      </Show>
      <Show when={row().state === "failed"}>
        <p class="chat-failure">
          <Icon name="failed" />
          <span>
            {words().rowFailed(errorWords(words(), { code: row().code, info: row().reason }))}
          </span>
          <button
            type="button"
            class="link-button"
            data-testid="retry"
            onClick={() => void host.retryComment(row().key)}
          >
            {words().retry}
          </button>
        </p>
      </Show>
    </div>
  );
}
