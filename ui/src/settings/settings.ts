import { type Accessor, createEffect, createMemo, createSignal, onCleanup } from "solid-js";
import { createStore, reconcile } from "solid-js/store";
import { isLanguage, type Language, preferredLanguage, speech } from "../i18n";
import type { Spoken } from "../i18n/context";

export type Theme = "system" | "dark" | "light";

/** The share of the picture's height, from the top, that comments fly over. */
export const AREAS = [0.25, 0.5, 0.75, 1] as const;
export const THEMES: readonly Theme[] = ["system", "dark", "light"];
export const OPACITY = { min: 0.2, max: 1, step: 0.1 } as const;

export interface Remembered {
  /** Dark until the reader picks another: a picture is watched best in it, by day as well. */
  theme: Theme;
  /** Empty until the reader picks one: the system's language is followed. */
  language: Language | "";
  danmaku: boolean;
  opacity: number;
  area: number;
  panelOpen: boolean;
  /** Zero until the panel has been dragged. */
  panelWidth: number;
  /** Whether keys that type something act as shortcuts where nobody types. */
  keysOn: boolean;
  /** What the reader has changed: the key, in lower case, by what it does. Empty for none. */
  keys: Record<string, string>;
}

const DEFAULTS: Remembered = {
  theme: "dark",
  language: "",
  danmaku: true,
  opacity: 0.9,
  area: 0.75,
  panelOpen: true,
  panelWidth: 0,
  keysOn: true,
  keys: {},
};

const STORAGE_KEY = "liveroom.settings";

/** Keeps what is valid and ignores the rest: a later version may have written it. */
export function parseRemembered(text: string | null): Remembered {
  const kept: Remembered = { ...DEFAULTS, keys: {} };
  let found: unknown;
  try {
    found = JSON.parse(text ?? "{}");
  } catch {
    return kept;
  }
  if (typeof found !== "object" || found === null) return kept;
  const from = found as Record<string, unknown>;
  if (THEMES.includes(from.theme as Theme)) kept.theme = from.theme as Theme;
  if (isLanguage(from.language)) kept.language = from.language;
  if (typeof from.danmaku === "boolean") kept.danmaku = from.danmaku;
  if (typeof from.opacity === "number") {
    kept.opacity = Math.min(OPACITY.max, Math.max(OPACITY.min, from.opacity));
  }
  if (AREAS.includes(from.area as (typeof AREAS)[number])) kept.area = from.area as number;
  if (typeof from.panelOpen === "boolean") kept.panelOpen = from.panelOpen;
  if (typeof from.panelWidth === "number" && from.panelWidth > 0) kept.panelWidth = from.panelWidth;
  if (typeof from.keysOn === "boolean") kept.keysOn = from.keysOn;
  if (typeof from.keys === "object" && from.keys !== null) kept.keys = parseKeys(from.keys);
  return kept;
}

/** More shortcuts than there will be. */
const KEYS_KEPT = 64;

function parseKeys(found: object): Record<string, string> {
  const valid = Object.entries(found)
    .slice(0, KEYS_KEPT)
    .filter(([id, key]) => /^[a-z-]{1,32}$/.test(id) && /^\S?$/u.test(String(key)));
  return Object.fromEntries(valid.map(([id, key]) => [id, String(key)]));
}

/** A media query as a signal. */
export function createMediaQuery(query: string): Accessor<boolean> {
  const list = window.matchMedia(query);
  const [matches, setMatches] = createSignal(list.matches);
  const update = () => setMatches(list.matches);
  list.addEventListener("change", update);
  onCleanup(() => list.removeEventListener("change", update));
  return matches;
}

export interface Settings extends Spoken {
  readonly values: Remembered;
  set<K extends keyof Remembered>(key: K, value: Remembered[K]): void;
  language: Accessor<Language>;
  reducedMotion: Accessor<boolean>;
}

function readStorage(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}

function writeStorage(text: string): void {
  try {
    localStorage.setItem(STORAGE_KEY, text);
  } catch {
    // Without storage the settings last as long as the window.
  }
}

export function createSettings(): Settings {
  const [values, setValues] = createStore<Remembered>(parseRemembered(readStorage()));
  const systemIsLight = createMediaQuery("(prefers-color-scheme: light)");
  const reducedMotion = createMediaQuery("(prefers-reduced-motion: reduce)");
  const language = createMemo<Language>(
    () => values.language || preferredLanguage(navigator.languages ?? [navigator.language]),
  );
  const resolvedTheme = createMemo(() => {
    if (values.theme !== "system") return values.theme;
    return systemIsLight() ? "light" : "dark";
  });

  createEffect(() => {
    document.documentElement.dataset.theme = resolvedTheme();
  });
  createEffect(() => {
    const { tag, direction } = speech(language());
    document.documentElement.lang = tag;
    document.documentElement.dir = direction;
  });
  createEffect(() => writeStorage(JSON.stringify(values)));

  return {
    values,
    // Replaced as a whole: a store would keep what is not in the new value.
    set: (key, value) => setValues(key, reconcile(value)),
    language,
    words: () => speech(language()).words,
    figures: () => speech(language()).figures,
    direction: () => speech(language()).direction,
    reducedMotion,
  };
}
