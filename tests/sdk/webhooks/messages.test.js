// Before and after a message of a group (§7.4, 7.5).

import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";

import { Viewer } from "../helpers/gateway.js";
import { ALLOW, words } from "../helpers/receiver.js";
import { GROUPS, custom, random32, text } from "../helpers/rest.js";
import { withReceiver } from "../helpers/world.js";

const BEFORE = "Group.CallbackBeforeSendMsg";
const AFTER = "Group.CallbackAfterSendMsg";
const ROOM = "room_1001";

describe("webhooks of a message", () => {
  const at = withReceiver();
  let viewer;
  let reader;

  before(async () => {
    await at.admin.createRoom(ROOM);
    await at.admin.importAccount("assistant");
    viewer = await Viewer.login(at.world, "viewer");
    reader = await Viewer.login(at.world, "reader");
    for (const client of [viewer, reader]) await client.join(ROOM);
  });
  beforeEach(() => at.receiver.answer(BEFORE, ALLOW));

  /** What the reader gets to see, after everything up to now has reached it. */
  async function seen() {
    at.receiver.answer(BEFORE, ALLOW);
    const end = `end ${random32()}`;
    await at.admin.say(ROOM, end);
    return (await reader.textsUpTo(ROOM, end)).slice(0, -1);
  }

  test("tell before and after what is sent, by whom and into which group", async () => {
    const Random = random32();
    const MsgBody = [text("look"), custom({ t: "gift" })];
    const more = { From_Account: "assistant", CloudCustomData: "v1", MsgBody, Random };
    const { MsgSeq, MsgTime } = await at.admin.say(ROOM, "", more);
    const expected = {
      GroupId: ROOM,
      Type: "AVChatRoom",
      From_Account: "assistant",
      Operator_Account: "administrator",
      Random,
      OnlineOnlyFlag: 0,
      MsgBody,
      CloudCustomData: "v1",
    };
    const first = await at.receiver.next(BEFORE, (body) => body.Random === Random);
    checkBody(first.body, { CallbackCommand: BEFORE, ...expected });
    const second = await at.receiver.next(AFTER, (body) => body.Random === Random);
    checkBody(second.body, { CallbackCommand: AFTER, ...expected, MsgSeq, MsgTime });
    assert.deepEqual(await seen(), ["look"]);
  });

  test("refuse with 10016, or with the receiver's own code and words", async () => {
    at.receiver.answer(BEFORE, { ...ALLOW, ErrorCode: 1, ErrorInfo: "no" });
    await viewer.refusedToSay(ROOM, "refused", 10016);
    const info = "slow mode: wait 5 s";
    at.receiver.answer(BEFORE, { ...ALLOW, ErrorCode: 10123, ErrorInfo: info });
    assert.equal((await viewer.refusedToSay(ROOM, "slow", 10123)).info, info);
    const body = { GroupId: ROOM, Random: random32(), MsgBody: [text("slow too")] };
    const answer = await at.admin.refused(`${GROUPS}/send_group_msg`, body, 10123);
    assert.equal(answer.ErrorInfo, info);
    assert.deepEqual(await seen(), []);
    assert.equal(at.receiver.count(AFTER, (sent) => words(sent).includes("slow")), 0);
  });

  test("drop a message without the sender noticing", async () => {
    at.receiver.answer(BEFORE, { ...ALLOW, ErrorCode: 2 });
    await viewer.say(ROOM, "dropped");
    assert.deepEqual(await seen(), []);
    assert.equal(at.receiver.count(AFTER, (body) => words(body) === "dropped"), 0);
  });

  test("replace what is delivered", async () => {
    const CloudCustomData = "level 12";
    at.receiver.answer(BEFORE, ({ MsgBody }) => {
      const shouted = MsgBody[0].MsgContent.Text.toUpperCase();
      return { ...ALLOW, MsgBody: [text(shouted)], CloudCustomData };
    });
    await viewer.say(ROOM, "replaced");
    const { messages } = await reader.push("messages");
    assert.deepEqual(messages[0].elements, [text("REPLACED")]);
    assert.equal(messages[0].cloud_custom_data, CloudCustomData);
    const { body } = await at.receiver.next(AFTER, (sent) => words(sent) === "REPLACED");
    assert.equal(body.CloudCustomData, CloudCustomData);
  });

  test("are left out for a message that says so", async () => {
    at.receiver.answer(BEFORE, { ...ALLOW, ErrorCode: 1 });
    const both = ["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"];
    await at.admin.say(ROOM, "unasked", { ForbidCallbackControl: both });
    assert.deepEqual(await seen(), ["unasked"]);
    const unasked = (body) => words(body) === "unasked";
    assert.equal(at.receiver.count(BEFORE, unasked), 0);
    assert.equal(at.receiver.count(AFTER, unasked), 0);
  });

  test("are not asked about a muted member", async () => {
    const mute = { GroupId: ROOM, Members_Account: ["viewer"], MuteTime: 600 };
    await at.admin.ok(`${GROUPS}/forbid_send_msg`, mute);
    await viewer.refusedToSay(ROOM, "unheard", 10017);
    assert.equal(at.receiver.count(BEFORE, (body) => words(body) === "unheard"), 0);
    await at.admin.ok(`${GROUPS}/forbid_send_msg`, { ...mute, MuteTime: 0 });
  });
});

/** `EventTime` is milliseconds; members that a page of the cloud leaves open may come on top. */
function checkBody(body, expected) {
  const { EventTime, ...others } = body;
  assert.ok(Math.abs(Number(EventTime) - Date.now()) < 300_000, "EventTime is in milliseconds");
  const named = Object.keys(expected).map((name) => [name, others[name]]);
  assert.deepEqual(Object.fromEntries(named), expected);
}
