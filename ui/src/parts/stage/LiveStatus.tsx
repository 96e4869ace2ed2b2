import { type JSX, Show } from "solid-js";
import type { LiveStatusView } from "../../host/host";
import type { Catalogue } from "../../i18n";
import "./live-status.css";
import { useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import type { Player } from "./player";

function statusWords(words: Catalogue, status: LiveStatusView): string {
  switch (status) {
    case "to_be_started":
      return words.liveSoon;
    case "paused":
      return words.livePaused;
    case "ended":
      return words.liveEnded;
    case "played_back":
      return words.liveRecording;
    case "live":
    case "unknown":
      return words.live;
  }
}

/** Whether the host is on. Of a room that does not tell, a picture that advances is taken for live. */
export function LiveStatus(props: { player: Player }): JSX.Element {
  const { room } = useLiveroom();
  const words = useWords();
  const isLive = () => room.liveStatus() === "live" || room.liveStatus() === "unknown";
  const shown = () => room.liveStatus() !== "unknown" || props.player.playing();
  return (
    <Show when={shown()}>
      <p class="live-status" data-testid="live-status" data-status={room.liveStatus()}>
        <span class="live-status-mark" />
        <span data-testid={isLive() ? "live" : undefined}>
          {statusWords(words(), room.liveStatus())}
        </span>
      </p>
    </Show>
  );
}
