import { createMemo, type JSX, Show } from "solid-js";
import { createSpoken } from "../../design/speaker";
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
  createSpoken("stage", createMemo(note));
  return (
    <div class="stage-status-place">
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
