import { ar } from "./ar";
import { en } from "./en";
import { type Figures, figures } from "./figures";
import { zh } from "./zh";

export type { Figures } from "./figures";

/** All sentences of the window; the English ones say which there are. */
export type Catalogue = typeof en;

export const LANGUAGES = ["en", "zh", "ar"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Which way a line runs. */
export type Direction = "ltr" | "rtl";

interface Speech {
  words: Catalogue;
  figures: Figures;
  /** What the document calls the language. */
  tag: string;
  direction: Direction;
}

const SPEECH: Record<Language, Speech> = {
  en: { words: en, figures: figures("en"), tag: "en", direction: "ltr" },
  zh: { words: zh, figures: figures("zh-Hans-CN"), tag: "zh-Hans-CN", direction: "ltr" },
  ar: { words: ar, figures: figures("ar-u-nu-latn"), tag: "ar", direction: "rtl" },
};

export function speech(language: Language): Speech {
  return SPEECH[language];
}

export function isLanguage(text: unknown): text is Language {
  return LANGUAGES.some((language) => language === text);
}

/** The first language the reader asks for that the window speaks. */
export function preferredLanguage(wanted: readonly string[]): Language {
  const primary = wanted.map((tag) => tag.toLowerCase().split("-")[0]);
  return primary.find(isLanguage) ?? "en";
}
