import type { JSX } from "solid-js";
import type { Host } from "../host/host";
import { Language } from "../i18n/context";
import { Viewer } from "../pages/viewer/Viewer";
import type { RoomState } from "../room/room";
import { createSettings } from "../settings/settings";

/** What every page has: the settings, and with them the language. */
export function App(props: { host: Host; room?: RoomState }): JSX.Element {
  const settings = createSettings();
  return (
    <Language.Provider value={settings}>
      <Viewer host={props.host} settings={settings} {...(props.room && { room: props.room })} />
    </Language.Provider>
  );
}
