import { createEffect, createSignal, on, onCleanup } from "solid-js";
import type { ChatRow, CommandError, Host, OpenDrawView } from "../../host/host";
import type { ChatEntry } from "../../room/chat";
import type { RoomState } from "../../room/room";

/** How the reader stands in an open draw, as far as this window knows. */
export type Standing =
  | { is: "out" }
  | { is: "sending" }
  | { is: "in" }
  /** The room did not show the comment, and what is not shown does not count. */
  | { is: "passed_over" }
  | { is: "refused"; error: CommandError };

type Attempt = { sending: true } | { refused: CommandError } | { row: ChatEntry };

const OUT: Standing = { is: "out" };

/** What the shop takes for the same words: in any width, in capitals or not. */
export function sameWords(one: string, other: string): boolean {
  const plain = (text: string) =>
    text.normalize("NFKC").toLowerCase().trim().split(/\s+/).join(" ");
  return plain(one) === plain(other);
}

function standingOf(row: ChatRow): Standing {
  switch (row.state) {
    case "sending":
      return { is: "sending" };
    case "sent":
    case "recalled":
      return { is: "in" };
    case "sampled_out":
      return { is: "passed_over" };
    case "failed":
      return { is: "refused", error: { code: row.code, info: row.reason } };
  }
}

export interface Joining {
  standing: (draw: string) => Standing;
  /** Says the keyword in the room. */
  join: (draw: OpenDrawView) => Promise<void>;
}

/** Follows the reader's own comments that say the keyword of an open draw, typed ones as well. */
export function createJoining(host: Host, room: RoomState): Joining {
  const [attempts, setAttempts] = createSignal<ReadonlyMap<string, Attempt>>(new Map());

  const note = (draw: string, attempt: Attempt | undefined) => {
    const open = room.draws().open.map((each) => each.draw);
    const kept = new Map([...attempts()].filter(([id]) => open.includes(id)));
    if (attempt) kept.set(draw, attempt);
    else kept.delete(draw);
    setAttempts(kept);
  };

  const standing = (draw: string): Standing => {
    const attempt = attempts().get(draw);
    if (!attempt) return OUT;
    if ("row" in attempt) {
      // The list may have been told anew, with another entry for the same row.
      const { key } = attempt.row;
      const entry = room.chat.entries().find((each) => each.key === key) ?? attempt.row;
      return standingOf(entry.row());
    }
    return "refused" in attempt ? { is: "refused", error: attempt.refused } : { is: "sending" };
  };

  const heard = (row: ChatRow) => {
    for (const { draw, keyword, ends_at_s } of room.draws().open) {
      if (!sameWords(row.text, keyword) || standing(draw).is === "in") continue;
      if (row.time_ms >= ends_at_s * 1000) {
        note(draw, undefined);
        continue;
      }
      const entry = room.chat.entries().find(({ key }) => key === row.key);
      if (entry) note(draw, { row: entry });
    }
  };
  onCleanup(
    room.listen({
      chat(fresh) {
        for (const row of fresh) if (row.own) heard(row);
      },
    }),
  );

  // The row of a word that was on its way may be among those of the list that was told anew, or lost.
  createEffect(
    on(
      room.chat.resets,
      () => {
        setAttempts(new Map([...attempts()].filter(([, attempt]) => !("sending" in attempt))));
        for (const entry of room.chat.entries()) if (entry.row().own) heard(entry.row());
      },
      { defer: true },
    ),
  );

  return {
    standing,
    async join({ draw, keyword }) {
      note(draw, { sending: true });
      const outcome = await host.sendComment(keyword);
      // Otherwise a row tells the rest. Until it is here the word is on its way.
      if (outcome.status === "error") note(draw, { refused: outcome.error });
    },
  };
}
