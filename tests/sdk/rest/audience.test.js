// Who is in the room: online list, marks, robots, room administrators (§4.8–4.10).

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { Viewer } from "../helpers/gateway.js";
import { GROUPS, ROOMS } from "../helpers/rest.js";
import { ULTIMATE, withWorld } from "../helpers/world.js";

describe("the audience of a room", () => {
  const at = withWorld(ULTIMATE);
  before(() => at.admin.importAccounts("host", "guest", "robot_1", "robot_2"));

  async function members(GroupId) {
    const answer = await at.admin.ok(`${ROOMS}/get_members`, { GroupId, Timestamp: 0 });
    assert.equal(answer.NextTimestamp, 0);
    return answer.MemberList;
  }

  test("is listed with the times of joining", async () => {
    await at.admin.createRoom("listed");
    assert.deepEqual(await members("listed"), []);
    const guest = await Viewer.login(at.world, "guest");
    await guest.join("listed");
    const [{ Member_Account, JoinTime }, ...others] = await members("listed");
    assert.deepEqual([Member_Account, others], ["guest", []]);
    assert.ok(Math.abs(JoinTime - Date.now() / 1000) < 300);
    await at.admin.refused(`${ROOMS}/get_members`, { GroupId: "absent", Timestamp: 0 }, 10010, 10015);
    await guest.logout();
  });

  test("can be marked while it is there", async () => {
    await at.admin.createRoom("marked");
    const guest = await Viewer.login(at.world, "guest");
    await guest.join("marked");
    const path = `${ROOMS}/modify_user_info`;
    const mark = (Member_Account, ...Marks) => ({ Member_Account, Marks });
    const MemberList = [mark("guest", 1000, 1001), mark("host", 1000)];
    const answer = await at.admin.ok(path, { GroupId: "marked", CommandType: 1, MemberList });
    assert.deepEqual(answer.MemberList, [mark("guest", 1000, 1001)], "host is not there");
    const remove = { GroupId: "marked", CommandType: 2, MemberList: [mark("guest", 1000)] };
    assert.deepEqual((await at.admin.ok(path, remove)).MemberList, [mark("guest", 1000)]);

    const absent = { GroupId: "marked", CommandType: 1, MemberList: [mark("host", 1000)] };
    checkFailed(await at.admin.call(path, absent));
    const low = { GroupId: "marked", CommandType: 1, MemberList: [mark("guest", 999)] };
    await at.admin.refused(path, low, 10004);
    await at.admin.refused(path, { ...low, CommandType: 3 }, 10004);
    await guest.logout();
  });

  test("grows by robots, which count until they are taken out", async () => {
    await at.admin.createRoom("robots");
    const robots = { GroupId: "robots", Member_Account: ["robot_1", "robot_2"] };
    const online = async () => {
      const answer = await at.admin.ok(`${GROUPS}/get_online_member_num`, { GroupId: "robots" });
      return answer.OnlineMemberNum;
    };
    await at.admin.ok(`${ROOMS}/add_robots`, robots);
    assert.equal(await online(), 2);
    const names = (await members("robots")).map(({ Member_Account }) => Member_Account);
    assert.deepEqual(names.sort(), ["robot_1", "robot_2"]);
    await at.admin.ok(`${ROOMS}/del_robots`, robots);
    assert.equal(await online(), 0);
  });

  test("obeys room administrators, who may speak in a muted room", async () => {
    await at.admin.createRoom("run");
    const guest = await Viewer.login(at.world, "guest");
    await guest.join("run");
    await at.admin.ok(`${GROUPS}/modify_group_base_info`, { GroupId: "run", MuteAllMember: "On" });
    await guest.refusedToSay("run", "quiet", 10017);
    const admins = { GroupId: "run", Admin_Account: ["guest"] };
    await at.admin.ok(`${ROOMS}/modify_admin`, { ...admins, CommandType: 1 });
    await guest.say("run", "quiet");
    await at.admin.ok(`${ROOMS}/modify_admin`, { ...admins, CommandType: 2 });
    await guest.refusedToSay("run", "oh", 10017);
    await guest.logout();
  });
});

function checkFailed(answer) {
  assert.equal(answer.ActionStatus, "FAIL", "no account of the call is there");
}

describe("without the online list", () => {
  const at = withWorld();

  test("there is neither an online list nor a mark", async () => {
    await at.admin.createRoom("room");
    await at.admin.refused(`${ROOMS}/get_members`, { GroupId: "room", Timestamp: 0 }, 10007, 10059);
    const MemberList = [{ Member_Account: "administrator", Marks: [1000] }];
    const mark = { GroupId: "room", CommandType: 1, MemberList };
    await at.admin.refused(`${ROOMS}/modify_user_info`, mark, 10007, 10059);
  });
});
