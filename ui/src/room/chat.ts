import { type Accessor, createSignal, type Setter, untrack } from "solid-js";
import type { ChatRow } from "../host/host";

/** Rows of the list; of more the oldest are dropped. */
export const ROWS_KEPT = 1000;

/** What a batch says of the chat. */
export interface ChatChange {
  /** The list is replaced by `rows` instead of extended. */
  reset: boolean;
  rows: ChatRow[];
  /** For a row that was missing: the key of the row that it belongs before. */
  before: Map<string, string>;
  /** Keys of rows that are not to be shown any more. */
  removed: Set<string>;
}

/** One line of the list. The entry stays the same while its row changes from sending to sent. */
export interface ChatEntry {
  readonly key: string;
  readonly row: Accessor<ChatRow>;
  readonly setRow: Setter<ChatRow>;
}

export interface ChatLog {
  entries: Accessor<readonly ChatEntry[]>;
  /** Rows that came since the room was opened; grows by one with each, whatever the list keeps. */
  appended: Accessor<number>;
  /** How often the whole list has been replaced. */
  resets: Accessor<number>;
  apply(change: ChatChange): ChatNews;
}

/** What is worth hearing of the rows that came; empty when they replaced the list. */
export interface ChatNews {
  fresh: ChatRow[];
  /** The reader's own comments that have just been refused. */
  refused: ChatRow[];
  /** Those that nobody else sees, or sees any more, as has just become known. */
  unseen: ChatRow[];
}

function createEntry(first: ChatRow): ChatEntry {
  const [row, setRow] = createSignal(first);
  return { key: first.key, row, setRow };
}

/** An entry behind those that belong before it, each of which may have such entries, too. */
function inPlace(entry: ChatEntry, missing: Map<string, ChatEntry[]>): ChatEntry[] {
  const before = missing.get(entry.key) ?? [];
  return [...before.flatMap((one) => inPlace(one, missing)), entry];
}

export function createChatLog(): ChatLog {
  const [entries, setEntries] = createSignal<readonly ChatEntry[]>([]);
  const [appended, setAppended] = createSignal(0);
  const [resets, setResets] = createSignal(0);
  let byKey = new Map<string, ChatEntry>();

  /** Updates known rows, puts missing ones in their places, appends the others. */
  const apply: ChatLog["apply"] = ({ rows, reset, before, removed }) => {
    if (reset) {
      byKey = new Map();
      setResets((count) => count + 1);
    }
    const added: ChatEntry[] = [];
    const missing = new Map<string, ChatEntry[]>();
    const fresh: ChatRow[] = [];
    const refused: ChatRow[] = [];
    const unseen: ChatRow[] = [];
    for (const row of rows) {
      const known = byKey.get(row.key);
      if (row.own && row.state !== (known && untrack(known.row).state)) {
        if (row.state === "failed") refused.push(row);
        if (row.state === "sampled_out" || row.state === "recalled") unseen.push(row);
      }
      if (known) {
        known.setRow(row);
        continue;
      }
      const next = before.get(row.key);
      // What belongs before a row that is gone already is older than all that is listed.
      if (next !== undefined && !byKey.has(next)) continue;
      const entry = createEntry(row);
      byKey.set(row.key, entry);
      if (next === undefined) added.push(entry);
      else missing.set(next, [...(missing.get(next) ?? []), entry]);
      if (!removed.has(row.key)) fresh.push(row);
    }
    const gone = [...removed].some((key) => byKey.has(key));
    if (reset || gone || missing.size > 0 || added.length > 0) {
      const told = reset ? added : [...entries(), ...added];
      const placed = missing.size > 0 ? told.flatMap((entry) => inPlace(entry, missing)) : told;
      const all = gone ? placed.filter((entry) => !removed.has(entry.key)) : placed;
      for (const key of removed) byKey.delete(key);
      const kept = all.slice(-ROWS_KEPT);
      for (const old of all.slice(0, all.length - kept.length)) byKey.delete(old.key);
      setEntries(kept);
      if (!reset) setAppended((count) => count + fresh.length);
    }
    return reset ? { fresh: [], refused: [], unseen: [] } : { fresh, refused, unseen };
  };

  return { entries, appended, resets, apply };
}
