import { type JSX, onMount, Show } from "solid-js";
import { useWords } from "../app/context";
import { DanmakuLayer } from "../danmaku/DanmakuLayer";
import { createWait } from "../design/wait";
import { BroadcastBar } from "./BroadcastBar";
import { GiftBanners } from "./GiftBanners";
import type { Hearts } from "./hearts";
import { LikeBurst } from "./LikeBurst";
import { ProductSlot } from "./ProductSlot";
import type { Player } from "./player";
import { StageStatus } from "./StageStatus";
import "./stage.css";

export function Stage(props: {
  player: Player;
  hearts: Hearts;
  /** What stands in its upper right corner. */
  children?: JSX.Element;
}): JSX.Element {
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
      <DanmakuLayer />
      <StageStatus />
      <LikeBurst hearts={props.hearts} />
      <GiftBanners />
      <ProductSlot />
      {props.children}
      <BroadcastBar />
    </section>
  );
}
