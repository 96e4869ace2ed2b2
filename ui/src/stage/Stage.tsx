import { createEffect, createSignal, type JSX, onCleanup, onMount, Show } from "solid-js";
import { useWords } from "../app/context";
import { DanmakuLayer } from "../danmaku/DanmakuLayer";
import { tokenTime } from "../design/tokens";
import { BroadcastBar } from "./BroadcastBar";
import { GiftBanners } from "./GiftBanners";
import { ProductSlot } from "./ProductSlot";
import type { Player } from "./player";
import "./stage.css";

/** A wait longer than this says what is being waited for. */
const SAY_AFTER_MS = 4000;

export function Stage(props: { player: Player }): JSX.Element {
  const words = useWords();
  const [waited, setWaited] = createSignal<"" | "skeleton" | "words">("");
  let video!: HTMLVideoElement;

  onMount(() => {
    props.player.attach(video);
    void props.player.load();
  });

  createEffect(() => {
    setWaited("");
    if (props.player.picture() !== "loading") return;
    const skeleton = setTimeout(() => setWaited("skeleton"), tokenTime("--time-wait", 400));
    const say = setTimeout(() => setWaited("words"), SAY_AFTER_MS);
    onCleanup(() => {
      clearTimeout(skeleton);
      clearTimeout(say);
    });
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
      <GiftBanners />
      <ProductSlot />
      <BroadcastBar />
    </section>
  );
}
