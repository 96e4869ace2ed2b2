/*
 * What other people have written is shown as it is, within bounds: one text neither covers its
 * neighbours, nor takes all the room, nor turns round what stands beside it.
 */

/** Marks on one character. Living languages do with fewer; towers of them are no language. */
export const MARKS_KEPT = 4;
/** Lines of one text; what comes behind them goes on in the last one. */
export const LINES_KEPT = 200;
/** Characters of a name or a title. */
export const LINE_LENGTH = 80;
/** Characters of a sentence that a service has written. */
const SENTENCE_LENGTH = 240;
/** Code units of one character, on average, that a line has room for. */
const UNITS_EACH = 16;
const ELLIPSIS = "…";

const TOWERS = new RegExp(`(\\p{M}{${MARKS_KEPT}})\\p{M}+`, "gu");
const BREAKS = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;
/** Marks and overrides of direction that act beyond the text that they stand in. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function withoutTowers(text: string): string {
  return text.replace(TOWERS, "$1");
}

/** Several lines, as they were written, with one empty line between two of them at most. */
export function foreignText(text: string): string {
  const lines: string[] = [];
  for (const line of withoutTowers(text).trim().split(BREAKS)) {
    const isEmpty = line.trim() === "";
    if (isEmpty && lines.at(-1) === "") continue;
    lines.push(isEmpty ? "" : line);
  }
  const last = lines.splice(LINES_KEPT - 1).filter((line) => line !== "");
  return [...lines, ...(last.length > 0 ? [last.join(" ")] : [])].join("\n");
}

/** One line of bounded length, cut between characters and never inside one. */
export function foreignLine(text: string, most = LINE_LENGTH): string {
  const line = withoutTowers(text).replace(/\s+/g, " ").trim();
  if (line.length <= most) return line;
  let kept = "";
  let length = 0;
  for (const { segment } of graphemes.segment(line)) {
    // One character may be a chain of any length.
    const tooLong = kept.length + segment.length > UNITS_EACH * most;
    if (length++ === most || tooLong) return kept + ELLIPSIS;
    kept += segment;
  }
  return kept;
}

/** The same, for sentences that are no elements: what stands around it keeps its place. */
export function isolated(text: string): string {
  return `\u2068${foreignLine(text.replace(TURNS, ""), SENTENCE_LENGTH)}\u2069`;
}
