import { createSignal, type JSX, onCleanup, onMount } from "solid-js";
import { useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import { Announcer } from "./announcer";

export function ChatAnnouncement(): JSX.Element {
  const { room } = useLiveroom();
  const words = useWords();
  const [sentence, setSentence] = createSignal("");
  onMount(() => {
    const timing = {
      now: () => performance.now(),
      after: (ms: number, run: () => void) => {
        const id = setTimeout(run, ms);
        return () => clearTimeout(id);
      },
    };
    const announcer = new Announcer(timing, words, setSentence);
    const stopListening = room.listen({ chat: (fresh) => announcer.heard(fresh) });
    onCleanup(() => {
      stopListening();
      announcer.stop();
    });
  });
  return (
    <p class="visually-hidden" role="status" aria-live="polite" data-testid="chat-news">
      {sentence()}
    </p>
  );
}
