// Coming online and going offline (§7.4, State.StateChange).

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Viewer } from "../helpers/gateway.js";
import { ACCOUNTS } from "../helpers/rest.js";
import { withReceiver } from "../helpers/world.js";

const COMMAND = "State.StateChange";

describe("the state webhook", () => {
  const at = withReceiver();

  async function change(user, Action) {
    const wanted = ({ Info }) => Info.To_Account === user && Info.Action === Action;
    const { body, query } = await at.receiver.next(COMMAND, wanted);
    assert.ok(Math.abs(Number(body.EventTime) - Date.now()) < 300_000);
    assert.equal(query.SdkAppid, String(at.world.sdkAppId));
    return { ...body, query };
  }

  test("tells of a login and of a logout", async () => {
    const viewer = await Viewer.login(at.world, "polite");
    assert.equal((await change("polite", "Login")).Info.Reason, "Register");
    await viewer.logout();
    assert.equal((await change("polite", "Logout")).Info.Reason, "Unregister");
  });

  test("tells of a line that broke", async () => {
    const viewer = await Viewer.login(at.world, "sudden");
    await change("sudden", "Login");
    viewer.vanish();
    assert.equal((await change("sudden", "Disconnect")).Info.Reason, "LinkClose");
  });

  test("names the device that a second login ends, in the one event of that login", async () => {
    const first = await Viewer.login(at.world, "twice", "Web");
    await change("twice", "Login");
    const second = await Viewer.login(at.world, "twice", "Web");
    const { KickedDevice } = await change("twice", "Login");
    assert.deepEqual(KickedDevice, [{ Platform: "Web" }]);
    assert.equal(await first.closed, 4002);
    await second.logout();
    await change("twice", "Logout");
    const logouts = ({ Info }) => Info.To_Account === "twice" && Info.Action !== "Login";
    assert.equal(at.receiver.count(COMMAND, logouts), 1);
  });

  test("tells of a kick by REST", async () => {
    const viewer = await Viewer.login(at.world, "kicked");
    await change("kicked", "Login");
    await at.admin.ok(`${ACCOUNTS}/kick`, { UserID: "kicked" });
    await viewer.closed;
    const { Info } = (await at.receiver.next(COMMAND, ({ Info }) => Info.To_Account === "kicked")).body;
    assert.ok(["Logout", "Disconnect"].includes(Info.Action), Info.Action);
  });

  test("spells the platform of an iPhone its own way", async () => {
    const viewer = await Viewer.login(at.world, "phone", "iOS");
    assert.equal((await change("phone", "Login")).query.OptPlatform, "IOS");
    await viewer.logout();
  });
});
