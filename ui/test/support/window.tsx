import { render } from "@solidjs/testing-library";
import { App } from "../../src/app/App";
import type { RoomEvent, SessionView } from "../../src/host/host";
import { ScriptedHost } from "../../src/host/scripted";
import { createRoomState, type RoomState } from "../../src/room/room";

export interface OpenWindow {
  host: ScriptedHost;
  room: RoomState;
  /** Pushes events and lets the next frame come. */
  show(...events: RoomEvent[]): void;
  frame(): void;
  /** Lets every promise that is already settled have its say, then a frame come. */
  settle(): Promise<void>;
  get<T extends HTMLElement = HTMLElement>(testId: string): T;
  find<T extends HTMLElement = HTMLElement>(testId: string): T | undefined;
  all(testId: string): HTMLElement[];
  press(key: string, init?: KeyboardEventInit): void;
  compose(text: string): void;
  /** How often the window was asked to start anew. */
  restarted(): number;
}

/** The whole window over a scripted host, with frames that come when a test says so. */
export async function openWindow(
  session?: SessionView,
  host = new ScriptedHost(),
): Promise<OpenWindow> {
  let frames: (() => void)[] = [];
  let restarted = 0;
  const frame = () => {
    const due = frames;
    frames = [];
    for (const run of due) run();
  };
  const room = createRoomState({
    now: () => performance.now(),
    requestFrame: (run) => frames.push(run),
  });
  render(() => <App host={host} room={room} restart={() => restarted++} />);
  const find = <T extends HTMLElement>(testId: string) =>
    document.querySelector<T>(`[data-testid="${testId}"]`) ?? undefined;
  const opened: OpenWindow = {
    host,
    room,
    frame,
    find,
    restarted: () => restarted,
    show(...events) {
      host.push(events);
      frame();
    },
    async settle() {
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      frame();
    },
    get(testId) {
      const element = find(testId);
      if (!element) throw new Error(`nothing has the test id ${testId}`);
      return element as never;
    },
    all: (testId) => [...document.querySelectorAll<HTMLElement>(`[data-testid="${testId}"]`)],
    press(key, init = {}) {
      const target = document.activeElement ?? document.body;
      target.dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init }),
      );
    },
    compose(text) {
      const textarea = opened.get<HTMLTextAreaElement>("composer");
      textarea.value = text;
      textarea.dispatchEvent(new InputEvent("input", { bubbles: true }));
    },
  };
  await opened.settle();
  if (session) opened.show({ type: "session", session });
  return opened;
}
