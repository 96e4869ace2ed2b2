// How a webhook is called (§7.1): query parameters, signature, and what a broken receiver means.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";

import { Viewer } from "../helpers/gateway.js";
import { ALLOW, words } from "../helpers/receiver.js";
import { GROUPS, random32, text } from "../helpers/rest.js";
import { withReceiver } from "../helpers/world.js";

const BEFORE = "Group.CallbackBeforeSendMsg";
const AFTER = "Group.CallbackAfterSendMsg";

describe("the call of a webhook", () => {
  const at = withReceiver();

  test("is a POST of JSON that names application, command, address and platform", async () => {
    await at.admin.createRoom("plain");
    await at.admin.say("plain", "hello");
    const { method, path, query, body } = await at.receiver.next(BEFORE);
    assert.deepEqual([method, path], ["POST", "/im/callback"]);
    assert.equal(body.CallbackCommand, BEFORE);
    const { ClientIP, ...others } = query;
    assert.match(ClientIP, /^(127\.0\.0\.1|::1)$/);
    assert.deepEqual(others, {
      SdkAppid: String(at.world.sdkAppId),
      CallbackCommand: BEFORE,
      contenttype: "json",
      OptPlatform: "RESTAPI",
    });
  });

  test("names the platform that the client said", async () => {
    await at.admin.createRoom("platforms");
    const platforms = { Web: "Web", iOS: "iOS", Windows: "Windows", Linux: "Unknown" };
    for (const [platform, expected] of Object.entries(platforms)) {
      const viewer = await Viewer.login(at.world, `on_${platform}`, platform);
      await viewer.join("platforms");
      await viewer.say("platforms", platform);
      const { query } = await at.receiver.next(BEFORE, (body) => words(body) === platform);
      assert.equal(query.OptPlatform, expected);
      await viewer.logout();
    }
  });
});

describe("a signed webhook", () => {
  const token = "xxxxyyyy";
  const at = withReceiver({ token });

  test("carries the time and the hash of token and time", async () => {
    await at.admin.createRoom("signed");
    await at.admin.say("signed", "hello");
    for (const command of [BEFORE, AFTER]) {
      const { query } = await at.receiver.next(command);
      assert.ok(Math.abs(query.RequestTime - Date.now() / 1000) < 60);
      const hash = createHash("sha256").update(token + query.RequestTime).digest("hex");
      assert.equal(query.Sign, hash);
    }
  });
});

const BROKEN = {
  "answers 500": { status: 500 },
  "answers nonsense": "nonsense",
  "never answers": { silent: true },
};

describe("a broken receiver", () => {
  const at = withReceiver();

  for (const [what, answer] of Object.entries(BROKEN)) {
    test(`that ${what} does not hold up the room`, async () => {
      const group = what.replaceAll(" ", "_");
      await at.admin.createRoom(group);
      at.receiver.answer(BEFORE, answer);
      await at.admin.say(group, "through");
      at.receiver.answer(BEFORE, ALLOW);
      await at.receiver.next(AFTER, (body) => body.GroupId === group);
      assert.equal(at.receiver.count(BEFORE, (body) => body.GroupId === group), 1, "no retry");
    });
  }
});

describe("a broken receiver that has to agree", () => {
  const at = withReceiver({ onFailure: "reject" });

  for (const [what, answer] of Object.entries(BROKEN)) {
    test(`and ${what} lets nothing through`, async () => {
      const group = what.replaceAll(" ", "_");
      await at.admin.createRoom(group);
      at.receiver.answer(BEFORE, answer);
      const body = { GroupId: group, Random: random32(), MsgBody: [text("stopped")] };
      await at.admin.refused(`${GROUPS}/send_group_msg`, body, 80003);
      at.receiver.answer(BEFORE, ALLOW);
      await at.admin.say(group, "through");
    });
  }
});
