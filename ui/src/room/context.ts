import { type Accessor, createContext, useContext } from "solid-js";
import type { Host, ShopView } from "../host/host";
import type { Settings } from "../settings/settings";
import type { RoomState } from "./room";

/** What a part needs to show one room, and to do something in it. */
export interface LiveroomContext {
  host: Host;
  room: RoomState;
  shop: { view: Accessor<ShopView | undefined> };
  settings: Settings;
  /** The service's clock in milliseconds. It ticks a few times per second, for everything that counts down. */
  clock: Accessor<number>;
  /** Opens room and shop, or connects again once the room has been opened. */
  connect: () => Promise<void>;
}

export const Liveroom = createContext<LiveroomContext>();

export function useLiveroom(): LiveroomContext {
  const context = useContext(Liveroom);
  if (!context) throw new Error("useLiveroom needs a Liveroom provider above it");
  return context;
}
