import { createEffect, createMemo, createSignal, type JSX, on, Show } from "solid-js";
import { Icon } from "../../design/Icon";
import { isComposing } from "../../design/keyboard";
import { useSpeaker } from "../../design/speaker";
import type { CommandError } from "../../host/host";
import { useWords } from "../../i18n/context";
import { createSendBlocker } from "../../room/blocker";
import { useLiveroom } from "../../room/context";
import { errorWords } from "../../room/words";
import { COMMENT_LIMIT, COUNT_FROM, commentLength } from "./limits";

export function Composer(props: { attach: (textarea: HTMLTextAreaElement) => void }): JSX.Element {
  const { host } = useLiveroom();
  const words = useWords();
  const speaker = useSpeaker();
  const [text, setText] = createSignal("");
  const [refused, setRefused] = createSignal<CommandError>();
  let textarea!: HTMLTextAreaElement;

  const length = () => commentLength(text());
  const over = () => Math.max(0, length() - COMMENT_LIMIT);
  const blocked = createSendBlocker();
  const notice = () => {
    const wait = blocked();
    if (wait) return wait;
    if (over() > 0) return words().charactersOver(over());
    const error = refused();
    return error && errorWords(words(), error);
  };
  const isOver = createMemo(() => over() > 0);
  createEffect(
    on(isOver, (tooLong) => {
      if (tooLong) speaker.say("composer", words().codeTooLong);
    }),
  );
  const canSend = () => length() > 0 && over() === 0 && !blocked();

  const show = (next: string) => {
    setText(next);
    textarea.value = next;
    fitHeight();
  };
  const fitHeight = () => {
    textarea.style.setProperty("height", "auto");
    textarea.style.setProperty("height", `${textarea.scrollHeight}px`);
  };

  const send = async () => {
    if (!canSend()) {
      // Who hears the window does not see why nothing happens.
      const why = notice();
      if (why) speaker.interrupt(why);
      return;
    }
    const said = text().trim();
    setRefused(undefined);
    show("");
    const outcome = await host.sendComment(said);
    if (outcome.status === "ok") return;
    setRefused(outcome.error);
    speaker.interrupt(errorWords(words(), outcome.error));
    // No row took the text over, so it comes back, in front of what has been typed since.
    show(text().trim() ? `${said} ${text()}` : said);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    // Enter also confirms a word in an input method; only a plain one sends.
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    void send();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Show when={notice()}>
        <p class="composer-notice" id="composer-notice" data-testid="composer-notice">
          {notice()}
        </p>
      </Show>
      <div class="composer-line">
        <textarea
          ref={(element) => {
            textarea = element;
            props.attach(element);
          }}
          class="composer-text"
          data-testid="composer"
          rows="1"
          aria-label={words().composerLabel}
          aria-describedby="composer-notice"
          aria-invalid={over() > 0}
          placeholder={words().composerHint}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setRefused(undefined);
            fitHeight();
          }}
          onKeyDown={onKeyDown}
        />
        <Show when={over() === 0 && length() >= COUNT_FROM}>
          <span class="composer-count figures">
            {words().charactersLeft(COMMENT_LIMIT - length())}
          </span>
        </Show>
        <button
          type="submit"
          class="icon-button composer-send"
          data-testid="send"
          aria-label={words().send}
          title={words().send}
          aria-disabled={!canSend()}
        >
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}
