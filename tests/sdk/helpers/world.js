// One service per file of tests: starts before its first test, ends after its last.

import { after, before } from "node:test";

import { World } from "./liveroom.js";
import { Receiver } from "./receiver.js";

/** The switches of everything that needs the top edition. */
export const ULTIMATE = {
  edition: "ultimate",
  settings: { broadcast: "on", online_member_list: "on", ban_members: "on", room_history: "on" },
};

/** To be called inside `describe`; the members of what it gives are there once the tests run. */
export function withWorld(options = {}) {
  const at = {};
  before(async () => {
    at.world = await World.start(options);
    at.admin = at.world.administrator;
  });
  after(() => at.world?.stop());
  return at;
}

/** The same with a webhook receiver for all commands. */
export function withReceiver({ token, onFailure, ...options } = {}) {
  const at = {};
  before(async () => {
    at.receiver = await Receiver.start();
    const callbacks = { url: at.receiver.url, token, onFailure };
    at.world = await World.start({ ...options, callbacks });
    at.admin = at.world.administrator;
  });
  after(async () => {
    await at.world?.stop();
    await at.receiver?.stop();
  });
  return at;
}
