import { render } from "solid-js/web";
import { recordFault } from "../design/faults";
import type { Host } from "../host/host";
import { preferredLanguage, speech } from "../i18n";
import { App } from "./App";
import { CrashPage } from "./CrashPage";

/** Opens the window. What cannot even be begun says so, too. Returns how to close it. */
export async function start(
  root: HTMLElement,
  connect: () => Promise<Host>,
  restart: () => void,
): Promise<() => void> {
  try {
    const host = await connect();
    return render(() => <App host={host} restart={restart} />, root);
  } catch (cause) {
    recordFault("start", cause);
    root.replaceChildren();
    const { words, tag, direction } = speech(preferredLanguage(navigator.languages));
    document.documentElement.lang = tag;
    document.documentElement.dir = direction;
    return render(() => <CrashPage words={words} restart={restart} />, root);
  }
}
