import { type JSX, onMount, Show } from "solid-js";
import { createWait } from "../../design/wait";
import { useWords } from "../../i18n/context";
import type { Player } from "./player";
import "./stage.css";

/** The picture, and over it whatever a page puts there: what comes later lies above. */
export function Stage(props: { player: Player; children?: JSX.Element }): JSX.Element {
  const words = useWords();
  const waited = createWait(() => props.player.picture() === "loading");
  let video!: HTMLVideoElement;

  onMount(() => {
    props.player.attach(video);
    void props.player.load();
  });

  return (
    <section class="stage" aria-label={words().stage}>
      {/* biome-ignore lint/a11y/useMediaCaption: a live picture comes without captions */}
      <video ref={video} class="stage-video" data-testid="stage-video" loop playsinline />
      <Show when={waited()}>
        <div class="stage-skeleton" />
      </Show>
      <Show when={waited() === "words"}>
        <p class="stage-note">{words().pictureWaiting}</p>
      </Show>
      <Show when={props.player.picture() === "failed"}>
        <div class="stage-note" role="alert">
          <p>{words().pictureFailed}</p>
          <button type="button" class="button" onClick={() => void props.player.load()}>
            {words().tryAgain}
          </button>
        </div>
      </Show>
      {props.children}
    </section>
  );
}
