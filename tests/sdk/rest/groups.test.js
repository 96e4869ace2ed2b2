// The life of a group (§4.1–4.7).

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";

import { Viewer } from "../helpers/gateway.js";
import { GROUPS, checkRefusal } from "../helpers/rest.js";
import { withWorld } from "../helpers/world.js";

describe("groups", () => {
  const at = withWorld({ fields: ["product"] });
  before(() => at.admin.importAccounts("host", "guest"));

  test("a room is made with the id and the owner that were asked for", async () => {
    const more = { Owner_Account: "host", Introduction: "tonight", Notification: "be kind" };
    const answer = await at.admin.createRoom("room_1001", more);
    assert.equal(answer.GroupId, "room_1001");
    const group = await at.admin.group("room_1001");
    const { GroupId, Type, Name, Owner_Account, Introduction, Notification } = group;
    assert.deepEqual(
      { GroupId, Type, Name, Owner_Account, Introduction, Notification },
      { GroupId: "room_1001", Type: "AVChatRoom", Name: "Evening sale", ...more },
    );
    assert.equal(group.ErrorCode, 0);
    assert.equal(group.Appid, at.world.sdkAppId);
    assert.equal(group.NextMsgSeq, 1);
    assert.equal(group.MemberNum, 0, "not even the owner is inside before joining");
    assert.deepEqual([group.ShutUpAllMember, group.MemberList], ["Off", []]);
    for (const time of ["CreateTime", "LastInfoTime"]) {
      assert.ok(Math.abs(group[time] - Date.now() / 1000) < 300, `${time} is in Unix seconds`);
    }
  });

  test("a room without an id gets one, and without an owner has none", async () => {
    const { GroupId } = await at.admin.createRoom(undefined);
    assert.match(GroupId, /^@TGS#/);
    assert.equal((await at.admin.group(GroupId)).Owner_Account, "");
  });

  test("a group that cannot be made is refused with the documented code", async () => {
    const path = `${GROUPS}/create_group`;
    const room = { Type: "AVChatRoom", Name: "Sale" };
    await at.admin.createRoom("taken", { Owner_Account: "host" });
    const again = { ...room, GroupId: "taken" };
    await at.admin.refused(path, { ...again, Owner_Account: "guest" }, 10021);
    await at.admin.refused(path, { ...again, Owner_Account: "host" }, 10025, 10021);
    await at.admin.refused(path, { Type: "AVChatRoom" }, 10004);
    await at.admin.refused(path, { ...room, Type: "Castle" }, 10004);
    await at.admin.refused(path, { ...room, GroupId: "@TGS#mine" }, 10004);
    await at.admin.refused(path, { ...room, GroupId: "x".repeat(49) }, 10004);
    await at.admin.refused(path, { ...room, Name: "x".repeat(1001) }, 10004);
    await at.admin.refused(path, { ...room, Owner_Account: "nobody" }, 10004, 10019, 10003);
    await at.admin.refused(path, { ...room, MemberList: [{ Member_Account: "guest" }] }, 10007);
  });

  test("each group of an answer is judged by itself, and a filter narrows its fields", async () => {
    await at.admin.createRoom("filtered");
    const body = {
      GroupIdList: ["filtered", "absent"],
      ResponseFilter: { GroupBaseInfoFilter: ["Name", "Type"] },
    };
    const { GroupInfo } = await at.admin.ok(`${GROUPS}/get_group_info`, body);
    const expected = { ErrorCode: 0, ErrorInfo: "", GroupId: "filtered" };
    assert.deepEqual(GroupInfo[0], { ...expected, Name: "Evening sale", Type: "AVChatRoom" });
    assert.ok([10010, 10015].includes(GroupInfo[1].ErrorCode));
    const GroupIdList = Array.from({ length: 51 }, (_, number) => `room_${number}`);
    await at.admin.refused(`${GROUPS}/get_group_info`, { GroupIdList }, 10004);
  });

  test("a changed profile reaches those who are inside and those who ask", async () => {
    await at.admin.createRoom("changing");
    const viewer = await Viewer.login(at.world, "guest");
    await viewer.join("changing");
    const change = { GroupId: "changing", Name: "Late sale", Notification: "last bowl" };
    await at.admin.ok(`${GROUPS}/modify_group_base_info`, change);
    const { changes } = await viewer.push("group_info_changed");
    assert.deepEqual(new Set(changes.map(({ field }) => field)), new Set(["name", "notification"]));
    const { Name, Notification, Introduction } = await at.admin.group("changing");
    assert.deepEqual([Name, Notification, Introduction], ["Late sale", "last bowl", ""]);
    await at.admin.refused(`${GROUPS}/modify_group_base_info`, { GroupId: "absent" }, 10010, 10015);
    await viewer.logout();
  });

  test("a custom field is merged, pushed and removed by an empty value", async () => {
    await at.admin.createRoom("shop");
    const viewer = await Viewer.login(at.world, "guest");
    await viewer.join("shop");
    const path = `${GROUPS}/modify_group_base_info`;
    const field = (Key, Value) => ({ GroupId: "shop", AppDefinedData: [{ Key, Value }] });
    for (const Value of ['{"id":"bowl"}', ""]) {
      await at.admin.ok(path, field("product", Value));
      const { changes } = await viewer.push("group_info_changed");
      assert.deepEqual(changes, [{ field: "custom", key: "product", value: Value }]);
      const { AppDefinedData } = await at.admin.group("shop");
      const product = AppDefinedData.find(({ Key }) => Key === "product");
      assert.equal(product?.Value ?? "", Value);
    }
    await at.admin.refused(path, field("no_such_field", "1"), 10004);
    await at.admin.refused(path, field("product", "x".repeat(513)), 10004);
    await viewer.logout();
  });

  test("a dismissed room is gone for everybody", async () => {
    await at.admin.createRoom("closing");
    const viewer = await Viewer.login(at.world, "guest");
    await viewer.join("closing");
    await at.admin.ok(`${GROUPS}/destroy_group`, { GroupId: "closing" });
    assert.equal((await viewer.push("group_dismissed")).group_id, "closing");
    await at.admin.refused(`${GROUPS}/destroy_group`, { GroupId: "closing" }, 10010, 10015);
    await viewer.refused({ t: "join", group_id: "closing" }, 10010, 10015);
    await viewer.logout();
  });

  test("the number of those inside is told", async () => {
    await at.admin.createRoom("counted");
    const viewer = await Viewer.login(at.world, "guest");
    await viewer.join("counted");
    const body = { GroupId: "counted" };
    const { OnlineMemberNum } = await at.admin.ok(`${GROUPS}/get_online_member_num`, body);
    assert.equal(OnlineMemberNum, 1);
    const members = await at.admin.ok(`${GROUPS}/get_group_member_info`, { ...body, Limit: 30 });
    assert.equal(members.MemberNum, 1);
    assert.equal(members.MemberList[0].Member_Account, "guest");
    await viewer.logout();
  });

  test("members of a live room are neither added, nor deleted, nor edited, nor imported", async () => {
    await at.admin.createRoom("free");
    const group = { GroupId: "free" };
    const MemberList = [{ Member_Account: "guest" }];
    const remove = { ...group, MemberToDel_Account: ["guest"] };
    const edit = { ...group, Member_Account: "guest", NameCard: "G" };
    await at.admin.refused(`${GROUPS}/add_group_member`, { ...group, MemberList }, 10007, 10004);
    await at.admin.refused(`${GROUPS}/delete_group_member`, remove, 10004);
    await at.admin.refused(`${GROUPS}/modify_group_member_info`, edit, 10004, 10007);
    await at.admin.refused(`${GROUPS}/import_group_member`, { ...group, MemberList }, 10007, 10004);
  });

  test("a room may get another owner", async () => {
    await at.admin.createRoom("handed_over", { Owner_Account: "host" });
    const body = { GroupId: "handed_over", NewOwner_Account: "guest" };
    await at.admin.ok(`${GROUPS}/change_group_owner`, body);
    assert.equal((await at.admin.group("handed_over")).Owner_Account, "guest");
  });
});

describe("the list of all groups", () => {
  const at = withWorld();
  const path = `${GROUPS}/get_appid_group_list`;

  /** The call is allowed once a second: asks again until it is. */
  async function page(body) {
    for (;;) {
      const answer = await at.admin.call(path, body);
      if (answer.ErrorCode === 0) return answer;
      checkRefusal(path, answer, 60007);
      await setTimeout(100);
    }
  }

  test("comes page by page", async () => {
    for (const room of ["a", "b", "c"]) await at.admin.createRoom(`room_${room}`);
    const body = { Limit: 2, GroupType: "AVChatRoom" };
    const first = await page({ ...body, Next: 0 });
    assert.equal(first.TotalCount, 3);
    assert.equal(first.GroupIdList.length, 2);
    assert.notEqual(first.Next, 0);
    const second = await page({ ...body, Next: first.Next });
    assert.equal(second.Next, 0);
    const ids = [...first.GroupIdList, ...second.GroupIdList].map(({ GroupId }) => GroupId);
    assert.deepEqual(ids.sort(), ["room_a", "room_b", "room_c"]);
  });

  test("comes once a second", async () => {
    const calls = Array.from({ length: 5 }, () => at.admin.call(path, {}));
    const codes = (await Promise.all(calls)).map(({ ErrorCode }) => ErrorCode);
    assert.ok(codes.includes(60007), `${codes}`);
  });
});
