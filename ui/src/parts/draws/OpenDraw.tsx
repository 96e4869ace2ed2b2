import { createUniqueId, type JSX, Show } from "solid-js";
import { Foreign } from "../../design/Foreign";
import { Icon } from "../../design/Icon";
import { Sentence } from "../../design/Sentence";
import type { OpenDrawView } from "../../host/host";
import { useWords } from "../../i18n/context";
import { timeLeft } from "../../i18n/countdown";
import { useLiveroom } from "../../room/context";
import { errorWords } from "../../room/words";
import { conditionWords } from "./conditions";
import type { Standing } from "./joining";

export function OpenDraw(props: {
  draw: OpenDrawView;
  standing: Standing;
  /** Why the reader cannot say anything just now. */
  blocked: string | undefined;
  onJoin: () => void;
}): JSX.Element {
  const { room, clock } = useLiveroom();
  const words = useWords();
  const noticeId = createUniqueId();
  const left = () => timeLeft(props.draw.ends_at_s, clock());
  const spoken = () => {
    const rest = left();
    return rest && words().drawEnds(rest);
  };
  const isIn = () => props.standing.is === "in";
  const canJoin = () => !isIn() && props.standing.is !== "sending" && !props.blocked;
  // Who runs the room takes no part in its draws.
  const mayJoin = () => room.room()?.role !== "owner" && (isIn() || left() !== undefined);
  const notice = () => {
    const standing = props.standing;
    if (standing.is === "passed_over") return words().drawPassedOver;
    return standing.is === "refused" ? errorWords(words(), standing.error) : undefined;
  };

  return (
    <article class="draw" data-testid="draw-open" data-draw={props.draw.draw}>
      <header class="draw-head">
        <Icon name="draw" />
        <h2 class="draw-title">{words().draw}</h2>
        <span
          class="draw-countdown figures"
          data-testid="draw-countdown"
          role="timer"
          aria-label={spoken()}
        >
          {left() ?? words().drawDrawing}
        </span>
      </header>
      <p class="draw-prize">
        <Foreign text={props.draw.prize} class="draw-prize-name selectable" testId="draw-prize" />{" "}
        <span class="draw-aside">{words().drawWinners(props.draw.winners)}</span>
      </p>
      <Show when={conditionWords(words(), props.draw)}>
        {(sentence) => (
          <p class="draw-conditions" data-testid="draw-conditions">
            {sentence()}
          </p>
        )}
      </Show>
      <Show when={mayJoin()}>
        <div class="draw-line">
          <p class="draw-say">
            <Sentence of={words().drawSay}>
              <Foreign
                text={props.draw.keyword}
                class="draw-keyword selectable"
                testId="draw-keyword"
              />
            </Sentence>
          </p>
          <button
            type="button"
            class="button draw-join"
            data-testid="draw-join"
            data-standing={props.standing.is}
            aria-disabled={!canJoin()}
            aria-describedby={`composer-notice ${noticeId}`}
            title={isIn() ? undefined : props.blocked}
            onClick={() => {
              if (canJoin()) props.onJoin();
            }}
          >
            <Show when={isIn()} fallback={words().drawJoin}>
              <Icon name="done" />
              {words().drawJoined}
            </Show>
          </button>
        </div>
        <Show when={!isIn() && props.blocked}>
          <p class="draw-notice draw-blocked">{props.blocked}</p>
        </Show>
        <Show when={notice()}>
          <p class="draw-notice" id={noticeId} data-testid="draw-notice">
            {notice()}
          </p>
        </Show>
      </Show>
    </article>
  );
}
