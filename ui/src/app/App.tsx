import { createSignal, ErrorBoundary, type JSX, onCleanup, Show } from "solid-js";
import { faultCount, forgetFaults, recordFault } from "../design/faults";
import { LiveRegions } from "../design/LiveRegions";
import { Speaker, type SpeakerTiming, Speech } from "../design/speaker";
import type { Host } from "../host/host";
import type { Catalogue } from "../i18n";
import { Language } from "../i18n/context";
import { Viewer } from "../pages/viewer/Viewer";
import type { RoomState } from "../room/room";
import { createSettings } from "../settings/settings";
import { CrashPage } from "./CrashPage";
import { watchFaults } from "./watch";

/** That something went wrong which did not stop the window. */
function FaultBar(props: { words: Catalogue; restart: () => void }): JSX.Element {
  const [read, setRead] = createSignal(0);
  return (
    <Show when={faultCount() > read()}>
      <div class="fault-bar" role="alert" data-testid="fault-bar">
        <p class="fault-words">{props.words.faultWords}</p>
        <button type="button" class="button" onClick={() => props.restart()}>
          {props.words.restart}
        </button>
        <button
          type="button"
          class="button"
          data-testid="fault-close"
          onClick={() => setRead(faultCount())}
        >
          {props.words.close}
        </button>
      </div>
    </Show>
  );
}

const browserTiming: SpeakerTiming = {
  now: () => performance.now(),
  after(ms, run) {
    const id = setTimeout(run, ms);
    return () => clearTimeout(id);
  },
};

/** What every page has: the settings, with them the language, and a net below it. */
export function App(props: { host: Host; room?: RoomState; restart: () => void }): JSX.Element {
  const settings = createSettings();
  const speaker = new Speaker(browserTiming);
  onCleanup(() => speaker.stop());
  const [stopped, setStopped] = createSignal(false);
  onCleanup(watchFaults(() => setStopped(true)));
  onCleanup(forgetFaults);
  const crashed = () => <CrashPage words={settings.words()} restart={props.restart} />;
  return (
    <Language.Provider value={settings}>
      <Speech.Provider value={speaker}>
        <Show when={!stopped()} fallback={crashed()}>
          <ErrorBoundary
            fallback={(cause) => {
              recordFault("page", cause);
              return crashed();
            }}
          >
            <Viewer
              host={props.host}
              settings={settings}
              {...(props.room && { room: props.room })}
            />
            <FaultBar words={settings.words()} restart={props.restart} />
          </ErrorBoundary>
        </Show>
        <LiveRegions />
      </Speech.Provider>
    </Language.Provider>
  );
}
