import { createEffect, createSignal, type JSX, on, onCleanup } from "solid-js";
import { useLiveroom } from "../app/context";
import { connectionWords, errorWords } from "./words";

/**
 * Says what concerns the reader: a comment of theirs that was refused, and each new state of the
 * connection. The latter once, without the seconds that count down and without the attempts of one
 * loss: what is assertive interrupts.
 */
export function OwnAnnouncement(): JSX.Element {
  const { room, settings } = useLiveroom();
  const words = settings.words;
  const [sentence, setSentence] = createSignal("");
  createEffect(
    on(
      room.session,
      (session, before) => {
        if (session.state === before?.state) return;
        const left = session.state === "reconnecting" ? session.retry_in_ms : 0;
        setSentence(connectionWords(words(), session, left).text);
      },
      { defer: true },
    ),
  );
  onCleanup(
    room.listen({
      refused(own) {
        const row = own.at(-1);
        if (!row) return;
        setSentence(words().rowFailed(errorWords(words(), { code: row.code, info: row.reason })));
      },
    }),
  );
  return (
    <p class="visually-hidden" role="alert" aria-live="assertive" data-testid="own-news">
      {sentence()}
    </p>
  );
}
