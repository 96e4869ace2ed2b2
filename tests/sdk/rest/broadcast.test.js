// Broadcast to all rooms (§4.17).

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Viewer } from "../helpers/gateway.js";
import { GROUPS, random32, text } from "../helpers/rest.js";
import { ULTIMATE, withWorld } from "../helpers/world.js";

const PATH = `${GROUPS}/send_broadcast_msg`;

function broadcast(words) {
  return { From_Account: "administrator", Random: random32(), MsgBody: [text(words)] };
}

describe("a broadcast", () => {
  const at = withWorld(ULTIMATE);

  test("is numbered and comes once a second at most", async () => {
    for (const room of ["east", "west"]) await at.admin.createRoom(room);
    const { MsgSeq, MsgTime } = await at.admin.ok(PATH, broadcast("open"));
    assert.ok(Number.isInteger(MsgSeq));
    assert.equal(MsgTime, undefined, "the answer has the number only");
    const calls = Array.from({ length: 5 }, () => at.admin.call(PATH, broadcast("at once")));
    const codes = (await Promise.all(calls)).map(({ ErrorCode }) => ErrorCode);
    assert.ok(codes.some((code) => [10023, 60007].includes(code)), `${codes}`);
  });
});

describe("a broadcast to viewers", () => {
  const at = withWorld(ULTIMATE);

  test("reaches every room, and a viewer in two rooms once", async () => {
    for (const room of ["east", "west"]) await at.admin.createRoom(room);
    const viewers = [];
    for (const rooms of [["east"], ["west"], ["east", "west"]]) {
      const viewer = await Viewer.login(at.world, `in_${rooms.join("_")}`, "Windows");
      for (const room of rooms) await viewer.join(room);
      viewers.push(viewer);
    }
    await at.admin.ok(PATH, broadcast("everybody"));
    for (const room of ["east", "west"]) await at.admin.say(room, "end of sale");
    for (const viewer of viewers) {
      await viewer.heard("everybody");
      await viewer.heard("end of sale");
      assert.equal(viewer.unheard("everybody"), 0);
      await viewer.logout();
    }
  });
});

describe("without the broadcast switch", () => {
  const at = withWorld({ edition: "ultimate" });

  test("a broadcast is refused", async () => {
    await at.admin.refused(PATH, broadcast("everybody"), 10007);
  });
});
