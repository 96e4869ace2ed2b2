import { type Accessor, createSignal, onCleanup } from "solid-js";
import { tokenNumber } from "../../design/tokens";

/** Beside the stage, under it, or over its lower third. */
export type Layout = "beside" | "stacked" | "overlay";

/** Media queries cannot read design tokens, so the window's width is compared with them here. */
export function createLayout(): Accessor<Layout> {
  const stackedBelow = tokenNumber("--stacked-below", 900);
  const overlayBelow = tokenNumber("--overlay-below", 560);
  const read = (): Layout => {
    if (window.innerWidth < overlayBelow) return "overlay";
    return window.innerWidth < stackedBelow ? "stacked" : "beside";
  };
  const [layout, setLayout] = createSignal(read());
  const follow = () => setLayout(read());
  window.addEventListener("resize", follow);
  onCleanup(() => window.removeEventListener("resize", follow));
  return layout;
}
