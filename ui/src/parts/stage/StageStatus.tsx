import { type JSX, Show } from "solid-js";
import { useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";

/** Why the picture stands still, when the host wants it so. */
export function StageStatus(): JSX.Element {
  const { room } = useLiveroom();
  const words = useWords();
  const note = () => {
    switch (room.liveStatus()) {
      case "paused":
        return words().stagePaused;
      case "ended":
        return words().stageEnded;
      default:
        return undefined;
    }
  };
  return (
    <div class="stage-status-place" role="status">
      <Show when={note()}>
        {(sentence) => (
          <p class="stage-status" data-testid="stage-status">
            {sentence()}
          </p>
        )}
      </Show>
    </div>
  );
}
