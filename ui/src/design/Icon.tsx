import type { JSX } from "solid-js";

/** Drawn on a 24 × 24 grid with a stroke of two. */
const PATHS = {
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M9 5.5v13M15 5.5v13",
  sound: "M4.5 9.5v5h3.5l4.5 4v-13l-4.5 4zM16 9a4.2 4.2 0 0 1 0 6M18.5 6.5a7.8 7.8 0 0 1 0 11",
  muted: "M4.5 9.5v5h3.5l4.5 4v-13l-4.5 4zM16.5 9.8l4.4 4.4M20.9 9.8l-4.4 4.4",
  danmaku: "M4 5.5h16v11h-8.5L7.5 20v-3.5H4zM8 9.5h8M8 12.7h4.5",
  danmakuOff: "M4 5.5h16v11h-8.5L7.5 20v-3.5H4zM3 3l18 18",
  panel: "M4 5h16v14H4zM14.5 5v14",
  theatre: "M3.5 6.5h17v11h-17zM7 20.5h10",
  expand: "M9 4.5H4.5V9M15 4.5h4.5V9M9 19.5H4.5V15M15 19.5h4.5V15",
  shrink: "M4.5 9H9V4.5M19.5 9H15V4.5M4.5 15H9v4.5M19.5 15H15v4.5",
  settings:
    "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6M12 3.5v2.4M12 18.1v2.4M3.5 12h2.4M18.1 12h2.4M6 6l1.7 1.7M16.3 16.3L18 18M18 6l-1.7 1.7M7.7 16.3L6 18",
  keyboard: "M3 6.5h18v11H3zM6.5 10h.01M10 10h.01M13.5 10h.01M17 10h.01M8 14h8",
  send: "M4.5 12L20 4.5 15.5 20l-3.4-6.4zM12 13.6L20 4.5",
  copy: "M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4",
  done: "M5 12.5l4.5 4.5L19 7.5",
  failed: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M12 8v5M12 16.2v.1",
  close: "M6 6l12 12M18 6L6 18",
  heart:
    "M12 20S4 15 4 9.2C4 6.3 6.2 4.5 8.4 4.5c1.5 0 2.8.8 3.6 2.1.8-1.3 2.1-2.1 3.6-2.1 2.2 0 4.4 1.8 4.4 4.7C20 15 12 20 12 20z",
  gift: "M4 11.5h16v8.5H4zM3 7.5h18v4H3zM12 7.5V20M12 7.5C9.5 7.5 7.5 6.4 7.5 4.9S10.8 3 12 7.5C13.2 3 16.5 3.4 16.5 4.9S14.5 7.5 12 7.5z",
  draw: "M3.5 7h17v3.2a1.8 1.8 0 0 0 0 3.6V17h-17v-3.2a1.8 1.8 0 0 0 0-3.6zM14 7v2M14 11v2M14 15v2",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15zM10 20.5h4",
  goods: "M5 8.5h14l1 11.5H4zM8.5 8.5V7a3.5 3.5 0 0 1 7 0v1.5",
  down: "M12 5v13M6.5 12.5L12 18l5.5-5.5",
} as const;

export type IconName = keyof typeof PATHS;

/** What points along the line, and turns with it. */
const TURNING: ReadonlySet<IconName> = new Set(["send", "panel"]);

/** Icons carry no meaning of their own: the control around them has the name. */
export function Icon(props: { name: IconName }): JSX.Element {
  return (
    <svg
      class="icon"
      data-turns={TURNING.has(props.name)}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[props.name]} />
    </svg>
  );
}
