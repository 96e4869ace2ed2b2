import type { Host } from "./host";

declare global {
  interface Window {
    __TAURI_INTERNALS__?: unknown;
  }
}

/** Each host is a chunk of its own, so the desktop window never loads the script and its crowd. */
export async function connectHost(): Promise<Host> {
  if (window.__TAURI_INTERNALS__ !== undefined) {
    const { createTauriHost } = await import("./tauri");
    return createTauriHost();
  }
  const [{ ScriptedHost }, { playCrowd }] = await Promise.all([
    import("./scripted"),
    import("./crowd"),
  ]);
  const host = new ScriptedHost();
  playCrowd(host);
  return host;
}
