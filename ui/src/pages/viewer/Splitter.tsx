import { createSignal, type JSX } from "solid-js";
import { tokenNumber } from "../../design/tokens";
import { useDirection, useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";

/** The edge between stage and chat: dragged with the pointer, moved with the arrow keys. */
export function Splitter(): JSX.Element {
  const { settings } = useLiveroom();
  const words = useWords();
  const direction = useDirection();
  const min = tokenNumber("--panel-min", 320);
  const max = tokenNumber("--panel-max", 400);
  const initial = tokenNumber("--panel-initial", 340);
  const step = tokenNumber("--panel-step", 16);
  const [dragging, setDragging] = createSignal<{ from: number; width: number }>();
  const inBounds = (wanted: number) => Math.round(Math.min(max, Math.max(min, wanted)));
  // What was remembered may come from a version with other bounds.
  const width = () => inBounds(settings.values.panelWidth || initial);
  const setWidth = (next: number) => settings.set("panelWidth", inBounds(next));
  /** What a step of the pointer along the screen, to the right, adds to the width. */
  const widening = () => (direction() === "rtl" ? 1 : -1);

  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that moves is not a rule between texts
    <div
      class="splitter"
      role="separator"
      tabindex="0"
      aria-orientation="vertical"
      aria-label={words().panelWidth}
      aria-valuemin={min}
      aria-valuemax={max}
      aria-valuenow={width()}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDragging({ from: event.clientX, width: width() });
      }}
      onPointerMove={(event) => {
        const start = dragging();
        if (start) setWidth(start.width + widening() * (event.clientX - start.from));
      }}
      onPointerUp={() => setDragging(undefined)}
      onPointerCancel={() => setDragging(undefined)}
      onKeyDown={(event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        event.preventDefault();
        const toTheRight = event.key === "ArrowRight" ? 1 : -1;
        setWidth(width() + widening() * toTheRight * step);
      }}
    />
  );
}
