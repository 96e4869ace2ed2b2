import { createEffect, createSignal, type JSX, onCleanup, onMount, Show } from "solid-js";
import { foreignLine } from "../../design/bounds";
import { Guard } from "../../design/Guard";
import type { CommandError, Host } from "../../host/host";
import { DanmakuLayer } from "../../parts/danmaku/DanmakuLayer";
import { DrawCard } from "../../parts/draws/DrawCard";
import { createDraws } from "../../parts/draws/draws";
import { GiftBanners } from "../../parts/gifts/GiftBanners";
import { ProductSlot } from "../../parts/goods/ProductSlot";
import { LikeBurst } from "../../parts/likes/LikeBurst";
import { BroadcastBar } from "../../parts/stage/BroadcastBar";
import { StageStatus } from "../../parts/stage/StageStatus";
import type { Settings } from "../../settings/settings";
import "./frame.css";
import { createHearts } from "../../parts/likes/hearts";
import { createPlayer } from "../../parts/stage/player";
import { Stage } from "../../parts/stage/Stage";
import { createRoomState, type RoomState } from "../../room/room";
import { createActions } from "./actions";
import { Controls } from "./Controls";
import "./viewer.css";
import { News } from "../../parts/news/News";
import { Liveroom } from "../../room/context";
import { createLayout } from "./layout";
import { ShortcutList } from "./ShortcutList";
import { SidePanel } from "./SidePanel";
import { Splitter } from "./Splitter";
import { followKeyboard } from "./shortcuts";
import { TitleBar } from "./TitleBar";

const CLIP = "/demo/stage.webm";
const CLOCK_MS = 250;

/** The service's clock, in Unix milliseconds. */
function createClock(aheadMs: () => number) {
  const [now, setNow] = createSignal(Date.now());
  const id = setInterval(() => setNow(Date.now()), CLOCK_MS);
  onCleanup(() => clearInterval(id));
  return () => now() + aheadMs();
}

/** The window of who watches: the stage, and beside it what people say and what is sold. */
export function Viewer(props: { host: Host; settings: Settings; room?: RoomState }): JSX.Element {
  const { host, settings } = props;
  const room = props.room ?? createRoomState();
  const shop = { view: room.shop };
  const player = createPlayer(CLIP);
  const hearts = createHearts(settings.reducedMotion);
  const layout = createLayout();
  const clock = createClock(room.clockAhead);
  const draws = createDraws(host, room, clock);
  let frame!: HTMLElement;
  let main!: HTMLElement;
  let composer: HTMLTextAreaElement | undefined;
  const places = { frame: () => frame, composer: () => composer };
  const actions = createActions(host, settings, places, hearts.own);
  onCleanup(room.listen({ likes: hearts.burst }));
  followKeyboard(settings, actions, player);

  createEffect(() => {
    document.title = foreignLine(room.room()?.name ?? "") || "Liveroom";
  });

  let opened = false;
  const ended = (error: CommandError) => {
    opened = false;
    room.setSession({ state: "failed", ...error });
  };
  const connect = async () => {
    // A room that could not be opened has no connection to restore: it is opened again.
    const outcome = opened
      ? await host.reconnect()
      : await host.open(room.reads(), room.receive, ended);
    if (outcome.status === "ok") opened = true;
    else room.setSession({ state: "failed", ...outcome.error });
  };

  onMount(async () => {
    createEffect(() => {
      const width = settings.values.panelWidth;
      if (width > 0) main.style.setProperty("--panel-width", `${width}px`);
    });
    await connect();
  });

  return (
    <Liveroom.Provider value={{ host, room, shop, settings, clock, connect }}>
      <div class="app" data-layout={layout()} data-theatre={actions.theatre()}>
        <TitleBar player={player} actions={actions} />
        <main ref={main} class="main" data-panel={actions.panelShown()}>
          <section ref={frame} class="stage-frame">
            <Guard name="stage">
              <Stage player={player}>
                <DanmakuLayer />
                <StageStatus />
                <LikeBurst hearts={hearts} />
                <GiftBanners />
                <ProductSlot />
                {/* Where the panel is not seen, the draws are with the picture. */}
                <Show when={!actions.panelShown() || actions.fullScreen()}>
                  <div class="stage-draws">
                    <DrawCard draws={draws} passing />
                  </div>
                </Show>
                <BroadcastBar />
              </Stage>
            </Guard>
            <Controls player={player} actions={actions} />
          </section>
          <Show when={actions.panelShown() && layout() === "beside"}>
            <Splitter />
          </Show>
          <div class="panel-place" hidden={!actions.panelShown()}>
            <SidePanel
              actions={actions}
              draws={draws}
              attach={(textarea) => {
                composer = textarea;
              }}
            />
          </div>
        </main>
        <ShortcutList actions={actions} />
        <News />
      </div>
    </Liveroom.Provider>
  );
}
