// The short history of a room (§4.19, 8.2).

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { GROUPS, text } from "../helpers/rest.js";
import { ULTIMATE, withWorld } from "../helpers/world.js";

const HISTORY = `${GROUPS}/group_msg_get_simple`;

describe("the history of a room", () => {
  const at = withWorld(ULTIMATE);

  test("has the last twenty messages, newest first, page by page", async () => {
    await at.admin.createRoom("room");
    for (let number = 1; number <= 22; number += 1) {
      await at.admin.say("room", `comment ${number}`, { MsgPriority: number === 22 ? "High" : "Low" });
    }
    const newest = await at.admin.ok(HISTORY, { GroupId: "room", ReqMsgNumber: 5 });
    assert.equal(newest.GroupId, "room");
    assert.ok([0, 1, 2].includes(newest.IsFinished));
    assert.deepEqual(newest.RspMsgList.map(({ MsgSeq }) => MsgSeq), [22, 21, 20, 19, 18]);
    const [first] = newest.RspMsgList;
    assert.deepEqual(first.MsgBody, [text("comment 22")]);
    const { From_Account, IsPlaceMsg, MsgPriority } = first;
    assert.deepEqual([From_Account, IsPlaceMsg, MsgPriority], ["administrator", 0, 1]);
    assert.equal(newest.RspMsgList[1].MsgPriority, 3);
    assert.ok(Number.isInteger(first.MsgRandom) && Number.isInteger(first.MsgTimeStamp));

    const older = { GroupId: "room", ReqMsgNumber: 20, ReqMsgSeq: 17 };
    const { RspMsgList } = await at.admin.ok(HISTORY, older);
    const seqs = RspMsgList.map(({ MsgSeq }) => MsgSeq);
    assert.equal(seqs[0], 17);
    assert.equal(seqs.at(-1), 3, "what came before the last twenty is gone");
  });

  test("shows that a message was recalled, and not what it said", async () => {
    await at.admin.createRoom("recalled");
    const { MsgSeq } = await at.admin.say("recalled", "oops");
    const recall = { GroupId: "recalled", MsgSeqList: [{ MsgSeq }] };
    await at.admin.ok(`${GROUPS}/group_msg_recall`, recall);
    const answer = await at.admin.ok(HISTORY, { GroupId: "recalled", ReqMsgNumber: 20 });
    assert.ok(!JSON.stringify(answer).includes("oops"));
    for (const { IsPlaceMsg } of answer.RspMsgList) assert.equal(IsPlaceMsg, 2);
  });
});

describe("without the history switch", () => {
  const at = withWorld();

  test("a room has no history", async () => {
    await at.admin.createRoom("room");
    await at.admin.say("room", "gone");
    const answer = await at.admin.call(HISTORY, { GroupId: "room", ReqMsgNumber: 20 });
    if (answer.ErrorCode === 0) assert.deepEqual(answer.RspMsgList, []);
    else assert.equal(answer.ErrorCode, 10007);
  });
});
