import { createEffect, createSignal, type JSX, on, onCleanup } from "solid-js";
import { useFigures, useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import { absenceWords, connectionWords, failureWords, silenceWords } from "../../room/words";
import { drawNews } from "./draws";

/**
 * Says what concerns the reader: a comment of theirs that was refused, each new state of the
 * connection, that they were silenced or taken out of the room, and that they have won a draw. Each
 * once, without the seconds that count down and without the attempts of one loss: what is assertive
 * interrupts. That nobody sees a comment of theirs is said in its turn: there is nothing to do about
 * it. So is what happens with the draws of the room.
 */
export function OwnAnnouncement(): JSX.Element {
  const { room } = useLiveroom();
  const words = useWords();
  const figures = useFigures();
  const [sentence, setSentence] = createSignal("");
  const [aside, setAside] = createSignal("");
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
  createEffect(
    on(room.speech, (speech, before) => {
      if (!before || speech.state === before.state) return;
      const silenced = silenceWords(words(), speech);
      if (silenced) setSentence(silenced);
      else if (silenceWords(words(), before) && speech.state !== "guest") {
        setSentence(words().maySpeakAgain);
      }
    }),
  );
  createEffect(
    on(
      () => room.room()?.absence,
      (absence, before) => {
        if (!absence || absence.why === "none" || absence.why === before?.why) return;
        const now = Date.now();
        const at = (moment: number) => figures().moment(moment, now);
        setSentence(absenceWords(words(), absence, { now, at }));
      },
    ),
  );
  createEffect(
    on(room.draws, (draws, before) => {
      const news = drawNews(words(), figures(), draws, before);
      if (news.own) setSentence(news.own);
      if (news.aside) setAside(news.aside);
    }),
  );
  onCleanup(
    room.listen({
      refused(own) {
        const row = own.at(-1);
        if (!row) return;
        setSentence(failureWords(words(), { code: row.code, info: row.reason }));
      },
      unseen(own) {
        const row = own.at(-1);
        if (!row) return;
        setAside(row.state === "recalled" ? words().rowRecalled : words().rowSampledOut);
      },
    }),
  );
  return (
    <>
      <p class="visually-hidden" role="alert" aria-live="assertive" data-testid="own-news">
        {sentence()}
      </p>
      <p class="visually-hidden" role="status" aria-live="polite" data-testid="own-aside">
        {aside()}
      </p>
    </>
  );
}
