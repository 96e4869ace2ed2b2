import { type Accessor, createSignal, type Setter, untrack } from "solid-js";
import type { ChatRow } from "../host/host";
import { ROWS_KEPT } from "./inbox";

/** One line of the list. The entry stays the same while its row changes from sending to sent. */
export interface ChatEntry {
  readonly key: string;
  readonly row: Accessor<ChatRow>;
  readonly setRow: Setter<ChatRow>;
}

export interface ChatLog {
  entries: Accessor<readonly ChatEntry[]>;
  /** Rows appended since the room was opened; grows by one with each, whatever the list keeps. */
  appended: Accessor<number>;
  /** How often the whole list has been replaced. */
  resets: Accessor<number>;
  apply(rows: ChatRow[], reset: boolean): ChatNews;
}

/** What is worth hearing of the rows that came; empty when they replaced the list. */
export interface ChatNews {
  fresh: ChatRow[];
  /** The reader's own comments that have just been refused. */
  refused: ChatRow[];
}

function createEntry(first: ChatRow): ChatEntry {
  const [row, setRow] = createSignal(first);
  return { key: first.key, row, setRow };
}

export function createChatLog(): ChatLog {
  const [entries, setEntries] = createSignal<readonly ChatEntry[]>([]);
  const [appended, setAppended] = createSignal(0);
  const [resets, setResets] = createSignal(0);
  let byKey = new Map<string, ChatEntry>();

  /** Updates known rows and appends the others. */
  const apply = (rows: ChatRow[], reset: boolean): ChatNews => {
    if (reset) {
      byKey = new Map();
      setResets((count) => count + 1);
    }
    const added: ChatEntry[] = [];
    const fresh: ChatRow[] = [];
    const refused: ChatRow[] = [];
    for (const row of rows) {
      const known = byKey.get(row.key);
      const failedBefore = known && untrack(known.row).state === "failed";
      if (row.own && row.state === "failed" && !failedBefore) refused.push(row);
      if (known) {
        known.setRow(row);
        continue;
      }
      const entry = createEntry(row);
      byKey.set(row.key, entry);
      added.push(entry);
      fresh.push(row);
    }
    if (reset || added.length > 0) {
      const all = reset ? added : [...entries(), ...added];
      const kept = all.slice(-ROWS_KEPT);
      for (const gone of all.slice(0, all.length - kept.length)) byKey.delete(gone.key);
      setEntries(kept);
      if (!reset) setAppended((count) => count + added.length);
    }
    return reset ? { fresh: [], refused: [] } : { fresh, refused };
  };

  return { entries, appended, resets, apply };
}
