import { type Accessor, createContext, useContext } from "solid-js";
import type { Catalogue, Direction, Figures } from ".";

/** The language that the window speaks, followed as it changes. */
export interface Spoken {
  words: Accessor<Catalogue>;
  figures: Accessor<Figures>;
  direction: Accessor<Direction>;
}

export const Language = createContext<Spoken>();

function useLanguage(): Spoken {
  const language = useContext(Language);
  if (!language) throw new Error("words need a Language provider above them");
  return language;
}

/** The words of the current language. */
export function useWords(): Accessor<Catalogue> {
  return useLanguage().words;
}

/** How the current language writes numbers, prices and times. */
export function useFigures(): Accessor<Figures> {
  return useLanguage().figures;
}

/** Which way a line runs in the current language. */
export function useDirection(): Accessor<Direction> {
  return useLanguage().direction;
}
