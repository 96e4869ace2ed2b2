import { createEffect, on, onCleanup } from "solid-js";
import { useSpeaker } from "../../design/speaker";
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
export function announceOwn(): void {
  const { room } = useLiveroom();
  const words = useWords();
  const figures = useFigures();
  const speaker = useSpeaker();
  createEffect(
    on(
      room.session,
      (session, before) => {
        if (session.state === before?.state) return;
        const left = session.state === "reconnecting" ? session.retry_in_ms : 0;
        speaker.interrupt(connectionWords(words(), session, left).text);
      },
      { defer: true },
    ),
  );
  createEffect(
    on(room.speech, (speech, before) => {
      if (!before || speech.state === before.state) return;
      const silenced = silenceWords(words(), speech);
      if (silenced) speaker.interrupt(silenced);
      else if (silenceWords(words(), before) && speech.state !== "guest") {
        speaker.interrupt(words().maySpeakAgain);
      }
    }),
  );
  createEffect(
    on(
      () => room.room()?.absence,
      (absence, before) => {
        if (!absence || absence.why === "none" || absence.why === before?.why) return;
        const now = room.serviceNow();
        const at = (moment: number) => figures().moment(moment, now);
        speaker.interrupt(absenceWords(words(), absence, { now, at }));
      },
    ),
  );
  createEffect(
    on(room.draws, (draws, before) => {
      const news = drawNews(words(), figures(), draws, before);
      if (news.own) speaker.interrupt(news.own);
      if (news.aside) speaker.say("draws", news.aside);
    }),
  );
  onCleanup(
    room.listen({
      refused(own) {
        const row = own.at(-1);
        if (!row) return;
        speaker.interrupt(failureWords(words(), { code: row.code, info: row.reason }));
      },
      unseen(own) {
        const row = own.at(-1);
        if (!row) return;
        speaker.say(
          "own comments",
          row.state === "recalled" ? words().rowRecalled : words().rowSampledOut,
        );
      },
    }),
  );
}
