// Coming, going and being put out as webhooks tell it (§7.4, 7.5).

import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";

import { Viewer } from "../helpers/gateway.js";
import { ALLOW } from "../helpers/receiver.js";
import { GROUPS } from "../helpers/rest.js";
import { ULTIMATE, withReceiver } from "../helpers/world.js";

const BEFORE_JOIN = "Group.CallbackBeforeApplyJoinGroup";
const JOINED = "Group.CallbackAfterNewMemberJoin";
const EXITED = "Group.CallbackAfterMemberExit";
const ROOM = "room_1001";

describe("webhooks of members", () => {
  const at = withReceiver(ULTIMATE);
  before(() => at.admin.createRoom(ROOM));
  beforeEach(() => at.receiver.answer(BEFORE_JOIN, ALLOW));

  const group = { GroupId: ROOM, Type: "AVChatRoom" };
  const list = (...users) => users.map((Member_Account) => ({ Member_Account }));

  function has(body, expected) {
    const { CallbackCommand, EventTime, ...others } = body;
    assert.ok(Math.abs(Number(EventTime) - Date.now()) < 300_000, `${CallbackCommand}: EventTime`);
    assert.deepEqual(others, expected, CallbackCommand);
  }

  test("come before and after joining, and after leaving", async () => {
    const viewer = await Viewer.login(at.world, "viewer");
    await viewer.join(ROOM);
    has((await at.receiver.next(BEFORE_JOIN)).body, { ...group, Requestor_Account: "viewer" });
    const joined = { JoinType: "Apply", Operator_Account: "viewer", NewMemberList: list("viewer") };
    has((await at.receiver.next(JOINED)).body, { ...group, ...joined });
    await viewer.leave(ROOM);
    const left = { ExitType: "Quit", Operator_Account: "viewer", ExitMemberList: list("viewer") };
    has((await at.receiver.next(EXITED)).body, { ...group, ...left });
    await viewer.logout();
  });

  test("can keep somebody out", async () => {
    const viewer = await Viewer.login(at.world, "unwanted");
    at.receiver.answer(BEFORE_JOIN, { ...ALLOW, ErrorCode: 1, ErrorInfo: "no" });
    await viewer.refused({ t: "join", group_id: ROOM }, 10016);
    at.receiver.answer(BEFORE_JOIN, { ...ALLOW, ErrorCode: 10150, ErrorInfo: "kicked for today" });
    const { info } = await viewer.refused({ t: "join", group_id: ROOM }, 10150);
    assert.equal(info, "kicked for today");
    const joined = (body) => body.NewMemberList[0].Member_Account === "unwanted";
    assert.equal(at.receiver.count(JOINED, joined), 0);
    await viewer.logout();
  });

  test("tell of a ban as of a kick", async () => {
    const viewer = await Viewer.login(at.world, "rude");
    await viewer.join(ROOM);
    const ban = { GroupId: ROOM, Members_Account: ["rude"], Duration: 600 };
    await at.admin.ok(`${GROUPS}/ban_group_member`, ban);
    const { body } = await at.receiver.next(EXITED, ({ ExitType }) => ExitType === "Kicked");
    const kicked = { Operator_Account: "administrator", ExitMemberList: list("rude") };
    has(body, { ...group, ExitType: "Kicked", ...kicked });
    await viewer.logout();
  });
});
