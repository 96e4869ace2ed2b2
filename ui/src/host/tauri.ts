import { Channel } from "@tauri-apps/api/core";
import { commands } from "../bindings";
import type { Host, Outcome, RoomEvent } from "./host";

/** A call that could not be made at all is reported like one that was refused. */
async function settle<T>(call: Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await call;
  } catch (cause) {
    const info = cause instanceof Error ? cause.message : String(cause);
    return { status: "error", error: { code: 0, info } };
  }
}

export function createTauriHost(): Host {
  const decoder = new TextDecoder();
  return {
    open(receive) {
      const channel = new Channel<ArrayBuffer>();
      channel.onmessage = (bytes) => receive(JSON.parse(decoder.decode(bytes)) as RoomEvent[]);
      return settle(commands.openRoom(channel));
    },
    sendComment: (text) => settle(commands.sendComment(text)),
    retryComment: (key) => settle(commands.retryComment(key)),
    like: () => settle(commands.like()),
    setDanmakuBudget: (budget) => settle(commands.setDanmakuBudget(budget)),
    setDanmakuVisible: (visible) => settle(commands.setDanmakuVisible(visible)),
    reportUndrawn: (ids) => settle(commands.reportUndrawn(ids)),
    reconnect: () => settle(commands.reconnect()),
    serviceStatus: () => settle(commands.serviceStatus()),
    stopService: () => settle(commands.stopService()),
    startService: () => settle(commands.startService()),
  };
}
