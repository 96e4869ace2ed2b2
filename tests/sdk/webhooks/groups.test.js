// The life of a group as webhooks tell it (§7.4, 7.5).

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { ALLOW } from "../helpers/receiver.js";
import { GROUPS, checkRefusal } from "../helpers/rest.js";
import { withReceiver } from "../helpers/world.js";

const BEFORE_CREATE = "Group.CallbackBeforeCreateGroup";

describe("webhooks of a group", () => {
  const at = withReceiver({ fields: ["product"] });
  before(() => at.admin.importAccounts("host"));

  const common = { Type: "AVChatRoom", Operator_Account: "administrator" };

  function has(body, expected) {
    for (const [name, value] of Object.entries(expected)) {
      assert.deepEqual(body[name], value, `${body.CallbackCommand}: ${name}`);
    }
    return body;
  }

  test("come before and after it is made", async () => {
    const AppDefinedData = [{ Key: "product", Value: "bowl" }];
    await at.admin.createRoom("made", { Owner_Account: "host", AppDefinedData });
    const owned = { ...common, Owner_Account: "host", Name: "Evening sale" };
    const first = has((await at.receiver.next(BEFORE_CREATE)).body, owned);
    assert.ok(Number.isInteger(first.CreateGroupNum ?? first.CreatedNum));
    const { body } = await at.receiver.next("Group.CallbackAfterCreateGroup");
    has(body, { ...owned, GroupId: "made", UserDefinedDataList: AppDefinedData });
  });

  test("can forbid a new group", async () => {
    at.receiver.answer(BEFORE_CREATE, { ...ALLOW, ErrorCode: 1, ErrorInfo: "too many rooms" });
    const room = { Type: "AVChatRoom", Name: "Sale", GroupId: "forbidden" };
    await at.admin.refused(`${GROUPS}/create_group`, room, 10016);
    at.receiver.answer(BEFORE_CREATE, { ...ALLOW, ErrorCode: 10123, ErrorInfo: "not on Sundays" });
    const answer = await at.admin.refused(`${GROUPS}/create_group`, room, 10123);
    assert.equal(answer.ErrorInfo, "not on Sundays");
    at.receiver.answer(BEFORE_CREATE, ALLOW);
    const group = await at.admin.group("forbidden");
    assert.ok([10010, 10015].includes(group.ErrorCode));
    const made = (body) => body.GroupId === "forbidden";
    assert.equal(at.receiver.count("Group.CallbackAfterCreateGroup", made), 0);
  });

  test("name what changed of the profile, and leave custom fields out", async () => {
    await at.admin.createRoom("changed");
    const path = `${GROUPS}/modify_group_base_info`;
    const AppDefinedData = [{ Key: "product", Value: "cup" }];
    await at.admin.ok(path, { GroupId: "changed", AppDefinedData });
    await at.admin.ok(path, { GroupId: "changed", Notification: "last bowl" });
    const { body } = await at.receiver.next("Group.CallbackAfterGroupInfoChanged");
    has(body, { ...common, GroupId: "changed", Notification: "last bowl" });
    for (const name of ["Name", "Introduction", "FaceUrl"]) assert.equal(body[name], undefined);
  });

  test("tell of attributes", async () => {
    await at.admin.createRoom("attributes");
    const GroupAttr = [{ key: "state", value: "live" }];
    await at.admin.ok(`${GROUPS}/modify_group_attr`, { GroupId: "attributes", GroupAttr });
    const { body } = await at.receiver.next("Group.CallbackAfterGroupAttrChanged");
    has(body, { ...common, GroupId: "attributes", OptionType: "modify", GroupAttr });
  });

  test("tell of the end", async () => {
    await at.admin.createRoom("ended", { Owner_Account: "host" });
    await at.admin.ok(`${GROUPS}/destroy_group`, { GroupId: "ended" });
    const { body } = await at.receiver.next("Group.CallbackAfterGroupDestroyed");
    const { Type } = common;
    has(body, { GroupId: "ended", Type, Owner_Account: "host", Name: "Evening sale" });
  });

  test("are not called for what was refused", async () => {
    const path = `${GROUPS}/destroy_group`;
    checkRefusal(path, await at.admin.call(path, { GroupId: "absent" }), 10010, 10015);
    const absent = (body) => body.GroupId === "absent";
    assert.equal(at.receiver.count("Group.CallbackAfterGroupDestroyed", absent), 0);
  });
});
