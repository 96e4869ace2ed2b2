import { createMemo, type JSX, Show } from "solid-js";
import { useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import { connectionWords } from "../../room/words";
import "./connection.css";

export function ConnectionState(): JSX.Element {
  const { room, clock, connect } = useLiveroom();
  const words = useWords();
  // The wait is told as a duration; it counts from the moment it was told.
  const retryAt = createMemo(() => {
    const session = room.session();
    return session.state === "reconnecting" ? room.serviceNow() + session.retry_in_ms : 0;
  });
  const said = createMemo(() => {
    const session = room.session();
    const left = session.state === "reconnecting" ? retryAt() - clock() : 0;
    return connectionWords(words(), session, left);
  });

  return (
    <div class="connection" data-testid="connection" data-state={room.session().state}>
      <span class="connection-dot" />
      <span class="figures">{said().text}</span>
      <Show when={room.missed() > 0}>
        <span class="connection-missed figures" data-testid="missed" title={words().missedWhy}>
          {words().missed(room.missed())}
          <span class="visually-hidden">{` ${words().missedWhy}`}</span>
        </span>
      </Show>
      <Show when={said().action}>
        <button type="button" class="link-button" onClick={() => void connect()}>
          {said().action}
        </button>
      </Show>
    </div>
  );
}
