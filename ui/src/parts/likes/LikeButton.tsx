import type { JSX } from "solid-js";
import { Icon } from "../../design/Icon";
import { withKey } from "../../design/keyboard";
import { useFigures, useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import "./likes.css";

/** Likes the room, and shows how many likes it has, the own ones that are still on their way included. */
export function LikeButton(props: {
  onPress: () => void;
  /** The key that does the same. */
  shortcut: string | undefined;
}): JSX.Element {
  const { room } = useLiveroom();
  const words = useWords();
  const figures = useFigures();
  const total = () => room.likes().total;
  return (
    <button
      type="button"
      class="like"
      data-testid="like"
      aria-label={words().likeWith(total())}
      aria-keyshortcuts={props.shortcut}
      title={withKey(words().like, props.shortcut)}
      onClick={() => props.onPress()}
    >
      <Icon name="heart" />
      <span class="figures" data-testid="like-total" aria-hidden="true">
        {figures().count(total())}
      </span>
    </button>
  );
}
