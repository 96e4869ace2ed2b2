import { createEffect, createMemo, createSignal, For, type JSX, onCleanup, Show } from "solid-js";
import { createSpoken } from "../../design/speaker";
import type { LiveStatusView, ShopError } from "../../host/host";
import type { Catalogue } from "../../i18n";
import { useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import { shopErrorWords } from "../../room/shop-words";

/** What a host can be; the others come about by themselves. */
const STATUSES: readonly { status: LiveStatusView; name: (words: Catalogue) => string }[] = [
  { status: "live", name: (words) => words.live },
  { status: "paused", name: (words) => words.livePaused },
  { status: "ended", name: (words) => words.liveEnded },
];

/** How long a press on the end waits for the one that means it. */
const SURE_MS = 4000;
/** A press that comes sooner after the first one belongs to it, as that of a double click does. */
const SAME_PRESS_MS = 500;

/** Where who runs the room says whether they are on. */
export function LiveStatusSet(): JSX.Element {
  const { host, room } = useLiveroom();
  const words = useWords();
  const [busy, setBusy] = createSignal<LiveStatusView>();
  const [refused, setRefused] = createSignal<ShopError>();
  const [unsure, setUnsure] = createSignal<"no" | "asked" | "waiting">("no");
  createEffect(() => {
    if (unsure() === "no") return;
    const next = unsure() === "asked" ? "waiting" : "no";
    const later = setTimeout(() => setUnsure(next), next === "waiting" ? SAME_PRESS_MS : SURE_MS);
    onCleanup(() => clearTimeout(later));
  });
  const set = async (status: LiveStatusView) => {
    if (busy() || room.liveStatus() === status) return;
    // The end is for everybody, and the next live is another one.
    if (status === "ended" && unsure() !== "waiting") {
      setUnsure("asked");
      return;
    }
    setUnsure("no");
    setBusy(status);
    setRefused(undefined);
    const outcome = await host.setLiveStatus(status);
    setBusy(undefined);
    if (outcome.status === "error") setRefused(outcome.error);
  };
  const refusal = () => {
    const error = refused();
    return error && shopErrorWords(words(), error);
  };
  const question = createMemo(() => (unsure() === "no" ? undefined : words().liveEndSure));
  createSpoken("live status", () => question() ?? refusal());
  return (
    <div class="status-set">
      <div class="status-line" data-testid="live-status-set">
        <span id="live-status-name">{words().liveStatusName}</span>
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would lay its legend out by itself */}
        <div class="segments" role="group" aria-labelledby="live-status-name">
          <For each={STATUSES}>
            {({ status, name }) => (
              <button
                type="button"
                class="segment"
                data-status={status}
                aria-pressed={room.liveStatus() === status}
                aria-disabled={busy() !== undefined}
                aria-busy={busy() === status}
                data-sure={status === "ended" && unsure() === "waiting"}
                onKeyDown={(event) => {
                  // A key that is held says nothing twice.
                  if (event.repeat) event.preventDefault();
                }}
                onClick={() => void set(status)}
              >
                {status === "ended" && unsure() !== "no" ? words().liveEndSure : name(words())}
              </button>
            )}
          </For>
        </div>
      </div>
      <Show when={refusal()}>
        <p class="status-refused" data-testid="live-status-refused">
          {refusal()}
        </p>
      </Show>
    </div>
  );
}
