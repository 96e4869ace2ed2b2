import type { JSX } from "solid-js";
import { Icon, type IconName } from "../../design/Icon";
import { useWords } from "../../i18n/context";
import { GiftButton } from "../../parts/gifts/GiftButton";
import { LikeButton } from "../../parts/likes/LikeButton";
import type { Player } from "../../parts/stage/player";
import { useLiveroom } from "../../room/context";
import type { Actions } from "./actions";

function Control(props: {
  label: string;
  shortcut: string;
  icon: IconName;
  onPress: () => void;
}): JSX.Element {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={props.label}
      aria-keyshortcuts={props.shortcut}
      title={`${props.label} (${props.shortcut})`}
      onClick={() => props.onPress()}
    >
      <Icon name={props.icon} />
    </button>
  );
}

export function Controls(props: { player: Player; actions: Actions }): JSX.Element {
  const { settings } = useLiveroom();
  const words = useWords();
  const actions = props.actions;
  return (
    <div class="controls">
      <Control
        label={props.player.paused() ? words().play : words().pause}
        shortcut="K"
        icon={props.player.paused() ? "play" : "pause"}
        onPress={() => props.player.toggle()}
      />
      <Control
        label={props.player.muted() ? words().unmute : words().mute}
        shortcut="M"
        icon={props.player.muted() ? "muted" : "sound"}
        onPress={() => props.player.toggleSound()}
      />
      <Control
        label={settings.values.danmaku ? words().danmakuHide : words().danmakuShow}
        shortcut="D"
        icon={settings.values.danmaku ? "danmaku" : "danmakuOff"}
        onPress={actions.toggleDanmaku}
      />
      <span class="controls-space" />
      <LikeButton onPress={actions.like} />
      <GiftButton shown={actions.giftsShown()} show={actions.showGifts} />
      <Control
        label={actions.panelShown() ? words().panelHide : words().panelShow}
        shortcut="C"
        icon="panel"
        onPress={actions.togglePanel}
      />
      <Control
        label={actions.theatre() ? words().theatreLeave : words().theatre}
        shortcut="T"
        icon="theatre"
        onPress={actions.toggleTheatre}
      />
      <Control
        label={actions.fullScreen() ? words().fullScreenLeave : words().fullScreen}
        shortcut="F"
        icon={actions.fullScreen() ? "shrink" : "expand"}
        onPress={actions.toggleFullScreen}
      />
    </div>
  );
}
