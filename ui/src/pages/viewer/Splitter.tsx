import { createSignal, type JSX } from "solid-js";
import { tokenNumber } from "../../design/tokens";
import { useLiveroom } from "../../room/context";

/** The edge between stage and chat: dragged with the pointer, moved with the arrow keys. */
export function Splitter(): JSX.Element {
  const { settings } = useLiveroom();
  const words = settings.words;
  const min = tokenNumber("--panel-min", 320);
  const max = tokenNumber("--panel-max", 400);
  const initial = tokenNumber("--panel-initial", 340);
  const step = tokenNumber("--panel-step", 16);
  const [dragging, setDragging] = createSignal<{ from: number; width: number }>();
  const inBounds = (wanted: number) => Math.round(Math.min(max, Math.max(min, wanted)));
  // What was remembered may come from a version with other bounds.
  const width = () => inBounds(settings.values.panelWidth || initial);
  const setWidth = (next: number) => settings.set("panelWidth", inBounds(next));

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
        if (start) setWidth(start.width + start.from - event.clientX);
      }}
      onPointerUp={() => setDragging(undefined)}
      onPointerCancel={() => setDragging(undefined)}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") setWidth(width() + step);
        else if (event.key === "ArrowRight") setWidth(width() - step);
        else return;
        event.preventDefault();
      }}
    />
  );
}
