import { type Accessor, createMemo, createSignal } from "solid-js";
import type { DrawResultView, Host, OpenDrawView } from "../../host/host";
import type { RoomState } from "../../room/room";
import { createJoining, type Joining } from "./joining";

/** What the card shows, wherever it stands. */
export interface Draws {
  /** The one that ends first comes first, and those that are over come last. */
  open: Accessor<readonly OpenDrawView[]>;
  /** The last one that was not closed. */
  result: Accessor<DrawResultView | undefined>;
  close: (draw: string) => void;
  joining: Joining;
}

export function createDraws(host: Host, room: RoomState, clock: Accessor<number>): Draws {
  const [closed, setClosed] = createSignal<ReadonlySet<string>>(new Set());
  return {
    open: createMemo(() => {
      const isOver = ({ ends_at_s }: OpenDrawView) => Number(ends_at_s * 1000 <= clock());
      return room
        .draws()
        .open.toSorted((a, b) => isOver(a) - isOver(b) || a.ends_at_s - b.ends_at_s);
    }),
    // A win is not pushed aside by a later draw that somebody else has won.
    result: createMemo(() => {
      const left = room.draws().results.filter(({ draw }) => !closed().has(draw));
      return left.findLast(({ winners }) => winners.some(({ own }) => own)) ?? left.at(-1);
    }),
    /** Those before it are old news by then. */
    close(draw) {
      const ids = room.draws().results.map((each) => each.draw);
      setClosed(new Set(ids.filter((id, at) => closed().has(id) || at <= ids.indexOf(draw))));
    },
    joining: createJoining(host, room),
  };
}
