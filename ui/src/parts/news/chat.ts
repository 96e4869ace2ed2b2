import { onCleanup } from "solid-js";
import { useSpeaker } from "../../design/speaker";
import type { ChatRow } from "../../host/host";
import type { Catalogue } from "../../i18n";
import { useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";

/** Turns a stream of comments into one short sentence at a time. */
export class Heard {
  #count = 0;
  #last: ChatRow | undefined;

  /** Whether there is anything to tell. The reader's own comments are none. */
  hear(rows: readonly ChatRow[]): boolean {
    for (const row of rows) {
      if (row.own) continue;
      this.#count++;
      this.#last = row;
    }
    return this.#count > 0;
  }

  /** What was heard since the last time. */
  tell(words: Catalogue): string {
    const [count, row] = [this.#count, this.#last];
    this.#count = 0;
    this.#last = undefined;
    if (!row) return "";
    return count === 1
      ? words.heardOne(row.name, row.text)
      : words.heard(count, row.name, row.text);
  }
}

export function announceChat(): void {
  const { room } = useLiveroom();
  const words = useWords();
  const speaker = useSpeaker();
  const heard = new Heard();
  onCleanup(
    room.listen({
      chat(fresh) {
        if (heard.hear(fresh)) speaker.say("chat", () => heard.tell(words()));
      },
    }),
  );
}
