import { type JSX, Show } from "solid-js";
import { ConnectionState } from "../connection/ConnectionState";
import { Icon } from "../design/Icon";
import { SettingsButton } from "../settings/SettingsPopover";
import type { Player } from "../stage/player";
import type { Actions } from "./actions";
import { useLiveroom } from "./context";

/** The whole sentence is translated; the figure inside it stays an element of its own. */
function Watching(props: { count: number }): JSX.Element {
  const { settings } = useLiveroom();
  const figure = () => new Intl.NumberFormat(settings.locale()).format(props.count);
  const around = () => settings.words().watching("\u0000").split("\u0000");
  return (
    <p class="title-part figures">
      {around()[0]}
      <span data-testid="online-count">{figure()}</span>
      {around()[1]}
    </p>
  );
}

export function TitleBar(props: { player: Player; actions: Actions }): JSX.Element {
  const { room, settings } = useLiveroom();
  const words = settings.words;
  return (
    <header class="title-bar">
      <div class="title-words">
        <h1 class="title-room" data-testid="room-name">
          {room.room()?.name}
        </h1>
        <Show when={room.room()?.host}>
          {(name) => <p class="title-part">{words().hostedBy(name())}</p>}
        </Show>
        <Show when={props.player.playing()}>
          <p class="title-live" data-testid="live">
            <span class="title-live-dot" />
            {words().live}
          </p>
        </Show>
        <Show when={room.online() !== undefined}>
          <Watching count={room.online() ?? 0} />
        </Show>
        <ConnectionState />
      </div>
      <button
        type="button"
        class="icon-button"
        aria-label={words().shortcuts}
        aria-keyshortcuts="?"
        title={`${words().shortcuts} (?)`}
        onClick={() => props.actions.showShortcuts(true)}
      >
        <Icon name="keyboard" />
      </button>
      <SettingsButton />
    </header>
  );
}
