// Messages into a room: send, system notification, recall (§4.15, 4.16, 4.18, §6).

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { Viewer } from "../helpers/gateway.js";
import { GROUPS, custom, random32, text } from "../helpers/rest.js";
import { withWorld } from "../helpers/world.js";

const SEND = `${GROUPS}/send_group_msg`;
const RECALL = `${GROUPS}/group_msg_recall`;

describe("messages of a room", () => {
  const at = withWorld();
  before(() => at.admin.importAccounts("host", "assistant"));

  async function room(name) {
    await at.admin.createRoom(name);
    const viewer = await Viewer.login(at.world, `viewer_of_${name}`);
    await viewer.join(name);
    return viewer;
  }

  function message(GroupId, more = {}) {
    return { GroupId, Random: random32(), MsgBody: [text("hello")], ...more };
  }

  test("a message is numbered, dated and delivered as it was sent", async () => {
    const viewer = await room("talk");
    const MsgBody = [
      text("hi @Mei 你好"),
      { MsgType: "TIMFaceElem", MsgContent: { Index: 4, Data: "wave" } },
      custom({ t: "gift", id: 3, n: 20 }),
    ];
    const more = { From_Account: "assistant", MsgPriority: "High", CloudCustomData: "v1", MsgBody };
    const { MsgTime, MsgSeq } = await at.admin.ok(SEND, message("talk", more));
    assert.equal(MsgSeq, 1);
    assert.ok(Math.abs(MsgTime - Date.now() / 1000) < 300);
    const { messages } = await viewer.push("messages");
    const [{ seq, time_s, from, priority, elements, cloud_custom_data }] = messages;
    assert.deepEqual(
      { seq, time_s, from, priority, elements, cloud_custom_data },
      {
        seq: MsgSeq,
        time_s: MsgTime,
        from: "assistant",
        priority: "High",
        elements: MsgBody,
        cloud_custom_data: "v1",
      },
    );
    await viewer.logout();
  });

  test("without a sender the administrator speaks", async () => {
    const viewer = await room("by_admin");
    await at.admin.say("by_admin", "welcome");
    assert.equal((await viewer.push("messages")).messages[0].from, "administrator");
    await viewer.logout();
  });

  test("media elements travel with all their fields", async () => {
    const viewer = await room("media");
    const image = { Type: 1, Size: 9, Width: 4, Height: 3, URL: "https://img.example/1.jpg" };
    const MsgContent = { UUID: "1a2b", ImageFormat: 1, ImageInfoArray: [image] };
    const elements = [
      { MsgType: "TIMImageElem", MsgContent },
      { MsgType: "TIMLocationElem", MsgContent: { Desc: "here", Latitude: 22.5, Longitude: 114.1 } },
    ];
    await at.admin.ok(SEND, message("media", { MsgBody: elements }));
    assert.deepEqual((await viewer.push("messages")).messages[0].elements, elements);
    await viewer.logout();
  });

  test("the same number of the same sender is delivered once", async () => {
    const viewer = await room("twice");
    const once = message("twice");
    const first = await at.admin.ok(SEND, once);
    const again = await at.admin.call(SEND, once);
    if (again.ErrorCode === 0) assert.equal(again.MsgSeq, first.MsgSeq);
    await at.admin.say("twice", "end");
    assert.deepEqual(await viewer.textsUpTo("twice", "end"), ["hello", "end"]);
    await viewer.logout();
  });

  test("a message that cannot be sent is refused with the documented code", async () => {
    await at.admin.createRoom("strict");
    const bad = (more, ...codes) => at.admin.refused(SEND, message("strict", more), ...codes);
    await at.admin.refused(SEND, message("absent"), 10010, 10015);
    await bad({ MsgBody: [] }, 10004);
    await bad({ MsgBody: [{ MsgType: "TIMNopeElem", MsgContent: {} }] }, 10004);
    await bad({ MsgBody: [custom(1), custom(2)] }, 10004);
    await bad({ MsgPriority: "high" }, 10004);
    await bad({ Random: undefined }, 10004);
    await bad({ From_Account: "nobody_at_all" }, 10004, 10019);
    await bad({ MsgBody: [text("x".repeat(12_300))] }, 80002);
    const GroupAtInfo = Array.from({ length: 31 }, () => ({
      GroupAtAllFlag: 0,
      GroupAt_Account: "host",
    }));
    await bad({ GroupAtInfo }, 10053);
  });

  test("a system notification goes to the whole room", async () => {
    await at.admin.createRoom("notified");
    const path = `${GROUPS}/send_group_system_notification`;
    await at.admin.ok(path, { GroupId: "notified", Content: "the sale starts" });
    await at.admin.refused(path, { GroupId: "notified" }, 10004);
    await at.admin.refused(path, { GroupId: "absent", Content: "x" }, 10010, 10015);
  });

  test("a message is recalled once, and only if it is there", async () => {
    await at.admin.createRoom("recalled");
    const { MsgSeq } = await at.admin.say("recalled", "oops");
    const body = { GroupId: "recalled", MsgSeqList: [{ MsgSeq }, { MsgSeq: MsgSeq + 100 }] };
    const { RecallRetList } = await at.admin.ok(RECALL, body);
    assert.deepEqual(RecallRetList, [
      { MsgSeq, RetCode: 0 },
      { MsgSeq: MsgSeq + 100, RetCode: 10030 },
    ]);
    const MsgSeqList = Array.from({ length: 11 }, (_, number) => ({ MsgSeq: number + 1 }));
    await at.admin.refused(RECALL, { GroupId: "recalled", MsgSeqList }, 10004);
  });
});

describe("recall that is switched off", () => {
  const at = withWorld({ settings: { recall: "off" } });

  test("answers 10041 for each message", async () => {
    await at.admin.createRoom("room");
    const { MsgSeq } = await at.admin.say("room", "for ever");
    const answer = await at.admin.call(RECALL, { GroupId: "room", MsgSeqList: [{ MsgSeq }] });
    const code = answer.RecallRetList?.[0].RetCode ?? answer.ErrorCode;
    assert.equal(code, 10041);
  });
});
