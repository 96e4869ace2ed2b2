import { type Accessor, createContext, useContext } from "solid-js";
import type { Host } from "../host/host";
import type { Settings } from "../settings/settings";
import type { RoomState } from "../state/room";

export interface LiveroomContext {
  host: Host;
  room: RoomState;
  settings: Settings;
  /** A wall clock in milliseconds that ticks a few times per second, for everything that counts down. */
  clock: Accessor<number>;
  /** Opens the room, or connects again once it has been opened. */
  connect: () => Promise<void>;
}

export const Liveroom = createContext<LiveroomContext>();

export function useLiveroom(): LiveroomContext {
  const context = useContext(Liveroom);
  if (!context) throw new Error("useLiveroom needs a Liveroom provider above it");
  return context;
}

/** The words of the current language, followed as it changes. */
export function useWords() {
  return useLiveroom().settings.words;
}
