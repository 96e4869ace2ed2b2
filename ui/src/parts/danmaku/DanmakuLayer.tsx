import {
  type Accessor,
  createEffect,
  createSignal,
  type JSX,
  onCleanup,
  onMount,
  Show,
} from "solid-js";
import { token, tokenNumber, tokenTime } from "../../design/tokens";
import type { FlyingComment } from "../../host/host";
import { useLiveroom } from "../../room/context";
import { flyingText } from "./engine/bitmaps";
import "./danmaku.css";
import { DanmakuRenderer, type DanmakuTiming } from "./engine/renderer";
import { Ticker } from "./ticker";

const browserTiming: DanmakuTiming = {
  now: () => performance.now(),
  requestFrame: (run) => requestAnimationFrame(run),
  cancelFrame: (id) => cancelAnimationFrame(id),
};

/** Device pixels per CSS pixel; another screen, or the zoom, changes it without a resize. */
function createPixelRatio(): Accessor<number> {
  const [ratio, setRatio] = createSignal(window.devicePixelRatio);
  createEffect(() => {
    const unchanged = window.matchMedia(`(resolution: ${ratio()}dppx)`);
    const follow = () => setRatio(window.devicePixelRatio);
    unchanged.addEventListener("change", follow);
    onCleanup(() => unchanged.removeEventListener("change", follow));
  });
  return ratio;
}

/** The ticker shows one line at a time; more than this per second would only be thrown away. */
const TICKER_BUDGET = { per_second: 1, burst: 1 };

function createRenderer(
  canvas: HTMLCanvasElement,
  timing: DanmakuTiming,
  reports: ConstructorParameters<typeof DanmakuRenderer>[4],
): DanmakuRenderer {
  const ink = {
    family: token("--font") || "sans-serif",
    weight: token("--danmaku-weight"),
    text: token("--danmaku-text"),
    outline: token("--danmaku-outline"),
    accent: token("--danmaku-accent"),
    pill: token("--danmaku-pill"),
  };
  const style = {
    baseHeight: tokenNumber("--danmaku-base-height", 720),
    size: tokenNumber("--danmaku-size", 25),
    sizeMin: tokenNumber("--danmaku-size-min", 15),
    flightMs: tokenTime("--danmaku-flight", 8000),
    patienceMs: tokenTime("--danmaku-patience", 1000),
  };
  return new DanmakuRenderer(canvas, ink, style, timing, reports);
}

export function DanmakuLayer(props: { timing?: DanmakuTiming }): JSX.Element {
  const { host, room, settings } = useLiveroom();
  const words = settings.words;
  const timing = props.timing ?? browserTiming;
  const [line, setLine] = createSignal<FlyingComment>();
  const [size, setSize] = createSignal({ width: 0, height: 0 });
  const pixelRatio = createPixelRatio();
  const flies = () => settings.values.danmaku && !settings.reducedMotion();
  const ticks = () => settings.values.danmaku && settings.reducedMotion();
  let canvas!: HTMLCanvasElement;

  onMount(() => {
    const renderer = createRenderer(canvas, timing, {
      budget: (budget) => void host.setDanmakuBudget(budget),
      undrawn: (ids) => room.letGo(ids),
    });
    const ticker = new Ticker<FlyingComment>(
      tokenTime("--ticker-hold", 2000),
      {
        now: timing.now,
        after: (ms, run) => {
          const id = setTimeout(run, ms);
          return () => clearTimeout(id);
        },
      },
      setLine,
    );
    window.liveroomInspect = {
      danmaku: () => renderer.drawn(),
      counters: () => ({ ...room.counters() }),
    };

    const stopListening = room.listen({
      danmaku({ entering, folded, leaving }) {
        if (flies()) {
          renderer.leave(leaving);
          renderer.fold(folded);
          renderer.enter(entering);
        } else if (ticks()) {
          const isLeaving = ({ id }: FlyingComment) => leaving.includes(id);
          ticker.withdraw(isLeaving);
          setLine((now) => (now && isLeaving(now) ? undefined : now));
          const shown = line();
          const fold = folded.find(({ id }) => id === shown?.id);
          if (shown && fold) setLine({ ...shown, count: fold.count });
          const passedOver: number[] = [];
          for (const { comment } of entering) {
            const replaced = ticker.offer(comment);
            if (replaced) passedOver.push(replaced.id);
          }
          if (passedOver.length > 0) room.letGo(passedOver);
        }
      },
    });

    const observer = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const { width, height } = entry.contentRect;
      setSize({ width, height });
    });
    observer.observe(canvas);
    createEffect(() => renderer.setStage(size(), settings.values.area, pixelRatio()));

    // A hidden window draws nothing; the host then counts what comes as hidden.
    const [hidden, setHidden] = createSignal(document.hidden);
    createEffect(() => void host.setDanmakuVisible(settings.values.danmaku && !hidden()));
    createEffect(() => {
      renderer.setActive(flies());
      if (ticks()) {
        void host.setDanmakuBudget(TICKER_BUDGET);
      } else {
        ticker.stop();
        setLine(undefined);
      }
    });
    createEffect(() => canvas.style.setProperty("opacity", String(settings.values.opacity)));

    const followVisibility = () => {
      setHidden(document.hidden);
      renderer.setAwake(!document.hidden);
    };
    document.addEventListener("visibilitychange", followVisibility);
    followVisibility();

    onCleanup(() => {
      document.removeEventListener("visibilitychange", followVisibility);
      observer.disconnect();
      stopListening();
      ticker.stop();
      renderer.dispose();
      delete window.liveroomInspect;
    });
  });

  return (
    <>
      <canvas
        ref={canvas}
        class="danmaku"
        data-testid="danmaku-canvas"
        role="img"
        aria-label={words().danmakuLayer}
        hidden={!flies()}
      />
      <Show when={line()}>
        {(shown) => (
          <p class="ticker" data-testid="danmaku-ticker">
            <span class="ticker-text">{flyingText(shown().text)}</span>
            <Show when={shown().count > 1}>
              <span class="ticker-count figures">×{shown().count}</span>
            </Show>
          </p>
        )}
      </Show>
    </>
  );
}
