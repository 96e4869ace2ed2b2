import { type JSX, Show } from "solid-js";
import { Foreign } from "../../design/Foreign";
import { Icon } from "../../design/Icon";
import { withKey } from "../../design/keyboard";
import { Sentence } from "../../design/Sentence";
import { useFigures, useWords } from "../../i18n/context";
import { ConnectionState } from "../../parts/connection/ConnectionState";
import { FollowButton } from "../../parts/people/FollowButton";
import { SettingsButton } from "../../parts/settings/SettingsPopover";
import { LiveStatus } from "../../parts/stage/LiveStatus";
import type { Player } from "../../parts/stage/player";
import { useLiveroom } from "../../room/context";
import type { Actions } from "./actions";
import { keyHint } from "./shortcuts";

function Watching(props: { count: number }): JSX.Element {
  const words = useWords();
  const figures = useFigures();
  return (
    <p class="title-part figures">
      <Sentence of={(blank) => words().watching(props.count, blank)}>
        <span data-testid="online-count">{figures().count(props.count)}</span>
      </Sentence>
    </p>
  );
}

export function TitleBar(props: { player: Player; actions: Actions }): JSX.Element {
  const { room, settings } = useLiveroom();
  const words = useWords();
  return (
    <header class="title-bar">
      <div class="title-words">
        <h1 class="title-room" data-testid="room-name">
          <Foreign text={room.room()?.name ?? ""} />
        </h1>
        <Show when={room.room()?.host}>
          {(name) => (
            <p class="title-part">
              <Sentence of={words().hostedBy}>
                <Foreign text={name()} />
              </Sentence>{" "}
              <FollowButton host={name()} />
            </p>
          )}
        </Show>
        <LiveStatus player={props.player} />
        <Show when={room.online() !== undefined}>
          <Watching count={room.online() ?? 0} />
        </Show>
        <ConnectionState />
      </div>
      <button
        type="button"
        class="icon-button"
        aria-label={words().shortcuts}
        aria-keyshortcuts={keyHint(settings, "shortcuts")}
        title={withKey(words().shortcuts, keyHint(settings, "shortcuts"))}
        onClick={() => props.actions.showShortcuts(true)}
      >
        <Icon name="keyboard" />
      </button>
      <SettingsButton />
    </header>
  );
}
