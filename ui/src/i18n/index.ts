import type { Catalogue } from "./catalogue";
import { en } from "./en";
import { zh } from "./zh";

export type { Catalogue } from "./catalogue";

export type Language = "en" | "zh";

export const LANGUAGES: readonly Language[] = ["en", "zh"];

const CATALOGUES: Record<Language, Catalogue> = { en, zh };

/** What the document and `Intl` call the language. */
export const LOCALES: Record<Language, string> = { en: "en", zh: "zh-Hans-CN" };

export function catalogue(language: Language): Catalogue {
  return CATALOGUES[language];
}

/** The first language the reader asks for that the window speaks. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const primary = tag.toLowerCase().split("-")[0];
    if (primary === "zh") return "zh";
    if (primary === "en") return "en";
  }
  return "en";
}
