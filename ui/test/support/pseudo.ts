import type { Catalogue } from "../../src/i18n";

const PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DRESSED = "áƀçðéƒĝĥíĵķļɱñóþǫŕšţúṽŵẋýžÁƁÇÐÉƑĜĤÍĴĶĻṀÑÓÞǪŔŠŢÚṼŴẊÝŽ";
/** Other languages need about so much more room than English does. */
const LONGER = 0.4;
/** Stands for what is put into a sentence: no text holds it, and it is not dressed up. */
const FIRST_BLANK = 0xe000;

/** English that nobody takes for English: with accents, longer, and in brackets. */
export function dress(text: string): string {
  const letters = [...text].map((letter) => [...DRESSED][PLAIN.indexOf(letter)] ?? letter);
  return `⟦${letters.join("")}${"~".repeat(Math.ceil(text.length * LONGER))}⟧`;
}

/** A language made of another one, in which every sentence that was translated can be told. */
export function pseudo(words: Catalogue): Catalogue {
  const entries = Object.entries(words).map(([key, value]) => {
    if (typeof value === "string") return [key, dress(value)];
    const fill = value as (...blanks: unknown[]) => string;
    const filled = (...blanks: unknown[]) => {
      const mark = (at: number) => String.fromCharCode(FIRST_BLANK + at);
      const marked = blanks.map((blank, at) => (typeof blank === "string" ? mark(at) : blank));
      return dress(fill(...marked)).replace(
        /[\ue000-\ue00f]/g,
        (found) => `${blanks[found.charCodeAt(0) - FIRST_BLANK]}`,
      );
    };
    return [key, filled];
  });
  return Object.fromEntries(entries) as Catalogue;
}

const READ = ["aria-label", "title", "placeholder", "alt", "aria-roledescription"];
/** The name of a key behind what it does, and a time as English writes it. */
const NO_WORDS = / \([A-Z?]\)$|\d:\d\d\s[AP]M/g;

/** What a person reads or hears, and what is written in letters that no translation has. */
export function untranslated(root: ParentNode): string[] {
  const found: string[] = [];
  const look = (text: string | null) => {
    if (text && /[A-Za-z]/.test(text.replace(NO_WORDS, ""))) found.push(text);
  };
  for (const element of root.querySelectorAll("body *")) {
    // What is the same in every language, or names another one.
    if (element.closest("[translate=no], [lang]:not(html), script, style")) continue;
    for (const name of READ) look(element.getAttribute(name));
    for (const child of element.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) look(child.nodeValue);
    }
  }
  return found;
}
