import { For, type JSX, Show } from "solid-js";
import { Icon } from "../../design/Icon";
import { useFigures } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import type { Hearts } from "./hearts";
import "./likes.css";

/** Likes as they come, at the edge of the picture. The total beside the button says the same in words. */
export function LikeBurst(props: { hearts: Hearts }): JSX.Element {
  const { settings } = useLiveroom();
  const hearts = () => (settings.reducedMotion() ? [] : props.hearts.aloft());
  const figures = useFigures();
  return (
    <div class="likes" data-testid="like-burst" aria-hidden="true">
      <For each={hearts()}>
        {(heart) => (
          <span
            class="likes-heart"
            data-testid="like-heart"
            data-path={heart.path}
            data-turn={heart.turn}
            onAnimationEnd={() => props.hearts.land(heart.id)}
          >
            <Icon name="heart" />
          </span>
        )}
      </For>
      <Show when={props.hearts.counted() > 0}>
        <span class="likes-count figures" data-testid="like-burst-count">
          {figures().more(props.hearts.counted())}
        </span>
      </Show>
    </div>
  );
}
