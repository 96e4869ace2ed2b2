import { createMemo, createSignal, type JSX, onCleanup, onMount, Show } from "solid-js";
import { foreignText } from "../../design/bounds";
import { Name } from "../../design/Foreign";
import { Icon } from "../../design/Icon";
import type { CommandError } from "../../host/host";
import { useFigures, useWords } from "../../i18n/context";
import type { ChatEntry } from "../../room/chat";
import { useLiveroom } from "../../room/context";
import { failureWords } from "../../room/words";
import { RowText } from "./RowText";

export function ChatRowView(props: {
  entry: ChatEntry;
  observe: (element: HTMLElement) => () => void;
}): JSX.Element {
  const { host } = useLiveroom();
  const words = useWords();
  const figures = useFigures();
  const row = () => props.entry.row();
  const text = createMemo(() => foreignText(row().text));
  const [refused, setRefused] = createSignal<CommandError>();
  /** Why it was not sent, or why it could not even be tried again. */
  const failure = () => refused() ?? { code: row().code, info: row().reason };
  const retry = async () => {
    setRefused(undefined);
    const outcome = await host.retryComment(row().key);
    if (outcome.status === "error") setRefused(outcome.error);
  };
  /** What the text is, where it is nothing that somebody said. */
  const label = () => {
    if (row().kind === "gift") return words().rowGift;
    return row().kind === "product" ? words().rowProduct : undefined;
  };
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
      data-kind={row().kind}
    >
      <RowText entry={props.entry} text={text()}>
        <span class="chat-by">
          <Name name={row().name} id={row().user_id} class="chat-name" />
        </span>{" "}
        <Show when={label()}>
          <span class="chat-label">{label()}</span>{" "}
        </Show>
        <span class="chat-text selectable" data-testid="chat-text" dir="auto">
          {text()}
        </span>
      </RowText>
      <time class="chat-time figures">{figures().time(row().time_ms)}</time>
      <Show when={row().state === "sending"}>
        <span class="visually-hidden">{words().rowSending}</span>
      </Show>
      <Show when={row().state === "sampled_out"}>
        <p class="chat-aside" data-testid="row-aside">
          {words().rowSampledOut}
        </p>
      </Show>
      <Show when={row().state === "recalled"}>
        <p class="chat-aside" data-testid="row-aside">
          {words().rowRecalled}
        </p>
      </Show>
      <Show when={row().state === "failed"}>
        <p class="chat-failure">
          <Icon name="failed" />
          <span>{failureWords(words(), failure())}</span>
          <button
            type="button"
            class="link-button"
            data-testid="retry"
            onClick={() => void retry()}
          >
            {words().retry}
          </button>
        </p>
      </Show>
    </div>
  );
}
