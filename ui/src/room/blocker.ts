import { type Accessor, createMemo } from "solid-js";
import { useFigures, useWords } from "../i18n/context";
import { useLiveroom } from "./context";
import { sendBlocker } from "./words";

/** Why the reader cannot say anything just now, in words that count down; undefined if they can. */
export function createSendBlocker(): Accessor<string | undefined> {
  const { room, clock } = useLiveroom();
  const words = useWords();
  const figures = useFigures();
  // What is left of a wait is told as a duration; it counts from the moment it was told.
  const speechTold = createMemo(() => {
    const speech = room.speech();
    const at = room.serviceNow();
    return { at, ends: "left_ms" in speech ? at + speech.left_ms : 0 };
  });
  // The clock ticks, so it may be behind the moment at which that was told.
  const now = () => Math.max(clock(), speechTold().at);
  return () =>
    sendBlocker(words(), room.session(), {
      dismissed: room.dismissed(),
      // Until the room has introduced itself only the connection decides.
      member: room.room()?.member ?? true,
      absence: room.room()?.absence,
      speech: room.speech(),
      speechEndsAt: speechTold().ends,
      moments: { now: now(), at: (at) => figures().moment(at, now()) },
    });
}
