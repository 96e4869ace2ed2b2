import { createEffect, createSignal, type JSX, onCleanup, Show } from "solid-js";
import { foreignText } from "../../design/bounds";
import { Icon } from "../../design/Icon";
import { tokenTime } from "../../design/tokens";
import type { AnnouncementView } from "../../host/host";
import { useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";

/** Who comes into the room later is not told of what was said to everybody before. */
const NEWS_MS = 60_000;

/** What everybody in all rooms was told last: until it is read, or its time is over. */
export function BroadcastBar(): JSX.Element {
  const { room, clock } = useLiveroom();
  const words = useWords();
  const [shown, setShown] = createSignal<AnnouncementView>();
  let last = "";

  createEffect(() => {
    const newest = room.broadcasts().at(-1);
    if (!newest || newest.id === last) return;
    last = newest.id;
    if (Math.abs(clock() - newest.time_ms) > NEWS_MS) return;
    setShown(newest);
  });

  createEffect(() => {
    if (!shown()) return;
    const over = setTimeout(() => setShown(undefined), tokenTime("--broadcast-hold", 12_000));
    onCleanup(() => clearTimeout(over));
  });

  return (
    <div class="broadcast-place" role="alert">
      <Show when={shown()}>
        {(broadcast) => (
          <div class="broadcast" data-testid="broadcast">
            <Icon name="bell" />
            <p class="broadcast-text selectable" dir="auto" tabindex="0">
              {foreignText(broadcast().text)}
            </p>
            <button
              type="button"
              class="icon-button broadcast-close"
              aria-label={words().close}
              onClick={() => setShown(undefined)}
            >
              <Icon name="close" />
            </button>
          </div>
        )}
      </Show>
    </div>
  );
}
