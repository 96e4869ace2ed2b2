import type { JSX } from "solid-js";
import { Icon, type IconName } from "../../design/Icon";
import { withKey } from "../../design/keyboard";
import { useWords } from "../../i18n/context";
import { GiftButton } from "../../parts/gifts/GiftButton";
import { LikeButton } from "../../parts/likes/LikeButton";
import type { Player } from "../../parts/stage/player";
import { useLiveroom } from "../../room/context";
import type { Actions } from "./actions";
import { keyHint, type ShortcutId } from "./shortcuts";

function Control(props: {
  label: string;
  shortcut: ShortcutId;
  icon: IconName;
  onPress: () => void;
}): JSX.Element {
  const { settings } = useLiveroom();
  const key = () => keyHint(settings, props.shortcut);
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={props.label}
      aria-keyshortcuts={key()}
      title={withKey(props.label, key())}
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
        shortcut="play"
        icon={props.player.paused() ? "play" : "pause"}
        onPress={() => props.player.toggle()}
      />
      <Control
        label={props.player.muted() ? words().unmute : words().mute}
        shortcut="mute"
        icon={props.player.muted() ? "muted" : "sound"}
        onPress={() => props.player.toggleSound()}
      />
      <Control
        label={settings.values.danmaku ? words().danmakuHide : words().danmakuShow}
        shortcut="danmaku"
        icon={settings.values.danmaku ? "danmaku" : "danmakuOff"}
        onPress={actions.toggleDanmaku}
      />
      <span class="controls-space" />
      <LikeButton onPress={actions.like} shortcut={keyHint(settings, "like")} />
      <GiftButton
        shown={actions.giftsShown()}
        show={actions.showGifts}
        shortcut={keyHint(settings, "gifts")}
      />
      <Control
        label={actions.panelShown() ? words().panelHide : words().panelShow}
        shortcut="panel"
        icon="panel"
        onPress={actions.togglePanel}
      />
      <Control
        label={actions.theatre() ? words().theatreLeave : words().theatre}
        shortcut="theatre"
        icon="theatre"
        onPress={actions.toggleTheatre}
      />
      <Control
        label={actions.fullScreen() ? words().fullScreenLeave : words().fullScreen}
        shortcut="full-screen"
        icon={actions.fullScreen() ? "shrink" : "expand"}
        onPress={actions.toggleFullScreen}
      />
    </div>
  );
}
