import { createEffect, createSignal, type JSX, on, Show } from "solid-js";
import { Icon } from "../../design/Icon";
import { pictureSource } from "./picture";
import "./picture.css";

/** The picture of a product, or a place that says there is none. */
export function ProductPicture(props: { of: string; class: string }): JSX.Element {
  const [failed, setFailed] = createSignal(false);
  createEffect(
    on(
      () => props.of,
      () => setFailed(false),
      { defer: true },
    ),
  );
  const source = () => (failed() ? undefined : pictureSource(props.of));
  return (
    <Show
      when={source()}
      fallback={
        <span class={`${props.class} picture-none`} data-testid="picture-none">
          <Icon name="goods" />
        </span>
      }
    >
      {(from) => <img class={props.class} src={from()} alt="" onError={() => setFailed(true)} />}
    </Show>
  );
}
