import { describe, expect, it } from "vitest";
import {
  foreignLine,
  foreignText,
  isolated,
  LINE_LENGTH,
  LINES_KEPT,
  MARKS_KEPT,
} from "../src/design/bounds";
import { seeded } from "./support/rows";

/** What people have tried, and what they have a right to. */
const PIECES = [
  "a",
  "Ω",
  "字",
  "ש",
  "م",
  " ",
  "\t",
  "\n",
  "\r\n",
  "\u2028",
  "\u0301",
  "\u0336",
  "\u20dd",
  "\u0e49",
  "\u202e",
  "\u2067",
  "\u2069",
  "\u200d",
  "👩‍👩‍👧‍👦",
  "🇨🇳",
  "1️⃣",
  "\ud83d",
];

function texts(count: number): string[] {
  const random = seeded(11);
  return Array.from({ length: count }, () => {
    // Some pieces come in runs, as in a text that is meant to break something.
    let text = "";
    const parts = random() * 40;
    for (let part = 0; part < parts; part++) {
      const piece = PIECES[Math.floor(random() * PIECES.length)] ?? "";
      text += piece.repeat(random() < 0.1 ? 1 + Math.floor(random() * 300) : 1);
    }
    return text;
  });
}

const letters = (text: string) => text.replace(/[\p{M}\s\u0085]/gu, "");
const towers = new RegExp(`\\p{M}{${MARKS_KEPT + 1}}`, "u");

describe("what others have written", () => {
  const all = texts(2000);

  it("stays what it was, but for towers of marks and breaks that say nothing", () => {
    for (const text of all) expect(letters(foreignText(text))).toBe(letters(text));
  });

  it("builds no towers and takes no more lines than a text needs", () => {
    for (const text of all) {
      const shown = foreignText(text);
      expect(shown).not.toMatch(towers);
      expect(shown).not.toMatch(/\n\s*\n\s*\n/);
      expect(shown.split("\n").length).toBeLessThanOrEqual(LINES_KEPT);
      expect(shown).not.toMatch(/[\r\u2028\u2029]/);
      expect(foreignText(shown), "there is nothing left to do").toBe(shown);
    }
  });

  it("is one short line where there is room for one", () => {
    const graphemes = new Intl.Segmenter();
    for (const text of all) {
      const line = foreignLine(text);
      expect(line).not.toMatch(/[\n\r\t\u2028\u2029]| {2}/);
      expect(line).not.toMatch(towers);
      expect([...graphemes.segment(line)].length).toBeLessThanOrEqual(LINE_LENGTH + 1);
    }
  });

  it("is untouched in every living language", () => {
    const written = [
      "Tiếng Việt".normalize("NFD"),
      "ผู้ใหญ่ที่นี่",
      "हिन्दी में क्षत्रिय",
      "בְּרֵאשִׁית בָּרָא",
      "بِسْمِ ٱللَّهِ",
      "👩‍👩‍👧‍👦 🇨🇳 1️⃣ ❤️‍🔥",
      "first line\nsecond line\n\nnext paragraph",
      "",
    ];
    for (const text of written) {
      expect(foreignText(text)).toBe(text);
      expect(foreignLine(text)).toBe(text.replace(/\s+/g, " "));
    }
  });

  it("is cut between characters, not inside one", () => {
    expect(foreignLine("👩‍👩‍👧‍👦".repeat(100), 3)).toBe(`${"👩‍👩‍👧‍👦".repeat(3)}…`);
    expect(foreignLine("ab\nc")).toBe("ab c");
    const chain = `${"👩\u200d".repeat(5000)}👩`;
    expect(foreignLine(chain).length, "a chain that counts as one").toBeLessThan(1500);
  });

  it("costs no more than its length", () => {
    const worst = [" ".repeat(200_000), "\u0301".repeat(200_000), "a\n".repeat(100_000)];
    for (const text of worst) expect(foreignText(text).length).toBeLessThanOrEqual(text.length);
  });

  it("turns nothing round in a sentence, however it tries", () => {
    for (const text of all) {
      const inside = isolated(text).slice(1, -1);
      expect(isolated(text)).toBe(`\u2068${inside}\u2069`);
      expect(inside).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    }
  });
});
