import { type Accessor, createContext, useContext } from "solid-js";
import type { Catalogue } from ".";

/** The language that the window speaks, followed as it changes. */
export interface Speech {
  words: Accessor<Catalogue>;
  /** What `Intl` calls the language. */
  locale: Accessor<string>;
}

export const Language = createContext<Speech>();

export function useLanguage(): Speech {
  const language = useContext(Language);
  if (!language) throw new Error("useLanguage needs a Language provider above it");
  return language;
}

/** The words of the current language, followed as it changes. */
export function useWords(): Accessor<Catalogue> {
  return useLanguage().words;
}

/** How a whole number is written in the current language. */
export function useFigures(): (count: number) => string {
  const { locale } = useLanguage();
  return (count) => new Intl.NumberFormat(locale()).format(count);
}
