import { createEffect, createSignal, type JSX, onCleanup, onMount, Show } from "solid-js";
import { OwnAnnouncement } from "../connection/OwnAnnouncement";
import { DrawCard } from "../draws/DrawCard";
import { createDraws } from "../draws/draws";
import type { Host } from "../host/host";
import { createSettings } from "../settings/settings";
import { Controls } from "../stage/Controls";
import { createHearts } from "../stage/hearts";
import { createPlayer } from "../stage/player";
import { Stage } from "../stage/Stage";
import { createRoomState, type RoomState } from "../state/room";
import { createShopState } from "../state/shop";
import { createActions } from "./actions";
import "./app.css";
import { ChatAnnouncement } from "./ChatAnnouncement";
import { Liveroom } from "./context";
import { createLayout } from "./layout";
import { ShortcutList } from "./ShortcutList";
import { SidePanel } from "./SidePanel";
import { Splitter } from "./Splitter";
import { followKeyboard } from "./shortcuts";
import { TitleBar } from "./TitleBar";

const CLIP = "/demo/stage.webm";
const CLOCK_MS = 250;

function createClock() {
  const [now, setNow] = createSignal(Date.now());
  const id = setInterval(() => setNow(Date.now()), CLOCK_MS);
  onCleanup(() => clearInterval(id));
  return now;
}

export function App(props: { host: Host; room?: RoomState }): JSX.Element {
  const host = props.host;
  const room = props.room ?? createRoomState();
  const shop = createShopState(host);
  const settings = createSettings();
  const player = createPlayer(CLIP);
  const hearts = createHearts(settings.reducedMotion);
  const layout = createLayout();
  const clock = createClock();
  const draws = createDraws(host, room, clock);
  let frame!: HTMLElement;
  let main!: HTMLElement;
  let composer: HTMLTextAreaElement | undefined;
  const places = { frame: () => frame, composer: () => composer };
  const actions = createActions(host, settings, places, hearts.own);
  onCleanup(room.listen({ likes: hearts.burst }));
  followKeyboard(actions, player);

  createEffect(() => {
    document.title = room.room()?.name || "Liveroom";
  });

  let opened = false;
  const connect = async () => {
    void shop.open();
    // A room that could not be opened has no connection to restore: it is opened again.
    const outcome = opened ? await host.reconnect() : await host.open(room.receive);
    if (outcome.status === "ok") opened = true;
    else room.receive([{ type: "session", session: { state: "failed", ...outcome.error } }]);
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
            <Stage player={player} hearts={hearts}>
              {/* Where the panel is not seen, the draws are with the picture. */}
              <Show when={!actions.panelShown() || actions.fullScreen()}>
                <div class="stage-draws">
                  <DrawCard draws={draws} passing />
                </div>
              </Show>
            </Stage>
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
        <ChatAnnouncement />
        <OwnAnnouncement />
      </div>
    </Liveroom.Provider>
  );
}
