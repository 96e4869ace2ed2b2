// Mute, mute of the whole room, global mute, ban (§4.3, 4.11, 4.12).

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { Viewer } from "../helpers/gateway.js";
import { GROUPS } from "../helpers/rest.js";
import { ULTIMATE, withWorld } from "../helpers/world.js";

const MUTE = `${GROUPS}/forbid_send_msg`;
const FOREVER = 4_294_967_295;

function aboutNow(time, ahead) {
  return Math.abs(time - (Date.now() / 1000 + ahead)) < 300;
}

describe("muted members", () => {
  const at = withWorld();
  before(() => at.admin.importAccounts("host", "loud", "calm"));

  for (const field of ["ShutUpTime", "MuteTime"]) {
    test(`a member muted with ${field} cannot speak until unmuted, also after coming back`, async () => {
      const group = `muted_by_${field}`;
      await at.admin.createRoom(group);
      const loud = await Viewer.login(at.world, "loud");
      await loud.join(group);
      const mute = { GroupId: group, Members_Account: ["loud"] };
      await at.admin.ok(MUTE, { ...mute, [field]: 600 });
      await loud.refusedToSay(group, "buy mine", 10017);
      await loud.leave(group);
      await loud.join(group);
      await loud.refusedToSay(group, "buy mine", 10017);
      await at.admin.ok(MUTE, { ...mute, [field]: 0 });
      await loud.say(group, "sorry");
      await loud.logout();
    });
  }

  test("the muted are listed under the old and the new names", async () => {
    await at.admin.createRoom("list");
    const mute = { GroupId: "list", Members_Account: ["loud"], MuteTime: 600 };
    await at.admin.ok(MUTE, mute);
    await at.admin.ok(MUTE, { ...mute, Members_Account: ["calm"], MuteTime: FOREVER });

    const body = { GroupId: "list" };
    const newer = await at.admin.ok(`${GROUPS}/get_group_muted_account`, body);
    const until = new Map(
      newer.MutedAccountList.map(({ Member_Account, MutedUntil }) => [Member_Account, MutedUntil]),
    );
    assert.deepEqual([...until.keys()].sort(), ["calm", "loud"]);
    assert.ok(aboutNow(until.get("loud"), 600));
    const older = await at.admin.ok(`${GROUPS}/get_group_shutted_uin`, body);
    const [{ Member_Account, ShuttedUntil }] = older.ShuttedUinList;
    assert.equal(ShuttedUntil, until.get(Member_Account));
  });

  test("a mute that cannot be carried out is refused", async () => {
    await at.admin.createRoom("strict");
    const mute = { GroupId: "strict", Members_Account: ["loud"], MuteTime: 60 };
    await at.admin.refused(MUTE, { ...mute, GroupId: "absent" }, 10010, 10015);
    await at.admin.refused(MUTE, { ...mute, MuteTime: undefined }, 10004);
    const Members_Account = Array.from({ length: 501 }, (_, number) => `crowd_${number}`);
    await at.admin.refused(MUTE, { ...mute, Members_Account }, 10004, 10005);
  });

  test("in a muted room only those in charge may speak", async () => {
    await at.admin.createRoom("silent", { Owner_Account: "host" });
    const host = await Viewer.login(at.world, "host");
    const calm = await Viewer.login(at.world, "calm");
    for (const viewer of [host, calm]) await viewer.join("silent");
    const path = `${GROUPS}/modify_group_base_info`;
    await at.admin.ok(path, { GroupId: "silent", MuteAllMember: "On" });
    assert.equal((await at.admin.group("silent")).ShutUpAllMember, "On");
    await calm.refusedToSay("silent", "may I?", 10017);
    await host.say("silent", "listen");
    await at.admin.say("silent", "listen");
    await at.admin.ok(path, { GroupId: "silent", ShutUpAllMember: "Off" });
    await calm.say("silent", "now");
    await host.logout();
    await calm.logout();
  });

  test("a global mute counts in every room and for one-to-one messages", async () => {
    const set = "openconfigsvr/setnospeaking";
    const get = "openconfigsvr/getnospeaking";
    await at.admin.createRoom("global");
    const loud = await Viewer.login(at.world, "loud");
    await loud.join("global");
    const mute = { Set_Account: "loud", C2CmsgNospeakingTime: FOREVER, GroupmsgNospeakingTime: 600 };
    await at.admin.ok(set, mute);
    const answer = await at.admin.ok(get, { Get_Account: "loud" });
    assert.equal(answer.C2CmsgNospeakingTime, FOREVER);
    assert.ok(answer.GroupmsgNospeakingTime > 0 && answer.GroupmsgNospeakingTime <= 600);
    await loud.refusedToSay("global", "buy mine", 10017);
    await at.admin.ok(set, { ...mute, C2CmsgNospeakingTime: 0, GroupmsgNospeakingTime: 0 });
    await loud.say("global", "sorry");
    await loud.logout();
  });
});

describe("banned members", () => {
  const at = withWorld(ULTIMATE);
  before(() => at.admin.importAccounts("rude"));

  const BAN = `${GROUPS}/ban_group_member`;
  const LIST = `${GROUPS}/get_group_ban_member`;

  test("are put out, listed, kept out, and let in again when unbanned", async () => {
    await at.admin.createRoom("banning");
    const rude = await Viewer.login(at.world, "rude");
    await rude.join("banning");
    const ban = { GroupId: "banning", Members_Account: ["rude"], Duration: 600, Description: "spam" };
    await at.admin.ok(BAN, ban);
    await rude.refused({ t: "join", group_id: "banning" }, 10007);
    await rude.refusedToSay("banning", "again", 9002, 10007, 10017);
    const online = await at.admin.ok(`${GROUPS}/get_online_member_num`, { GroupId: "banning" });
    assert.equal(online.OnlineMemberNum, 0);

    const list = await at.admin.ok(LIST, { GroupId: "banning", Offset: 0, Limit: 100 });
    assert.equal(list.NextOffset, 0);
    assert.equal(list.BannedAccountList.length, 1);
    assert.equal(list.BannedAccountList[0].Member_Account, "rude");
    assert.ok(aboutNow(list.BannedAccountList[0].BannedUntil, 600));

    const unban = { GroupId: "banning", Members_Account: ["rude"] };
    await at.admin.ok(`${GROUPS}/unban_group_member`, unban);
    await rude.join("banning");
    const { BannedAccountList } = await at.admin.ok(LIST, { GroupId: "banning", Offset: 0 });
    assert.deepEqual(BannedAccountList, []);
    await rude.logout();
  });

  test("are at most twenty in one call", async () => {
    await at.admin.createRoom("crowded");
    const Members_Account = Array.from({ length: 21 }, (_, number) => `crowd_${number}`);
    await at.admin.refused(BAN, { GroupId: "crowded", Members_Account, Duration: 60 }, 10005);
    const one = { GroupId: "absent", Members_Account: ["rude"], Duration: 60 };
    await at.admin.refused(BAN, one, 10010, 10015);
  });
});

describe("without the ban switch", () => {
  const at = withWorld();

  test("nobody can be banned", async () => {
    await at.admin.importAccount("rude");
    await at.admin.createRoom("room");
    const ban = { GroupId: "room", Members_Account: ["rude"], Duration: 60 };
    await at.admin.refused(`${GROUPS}/ban_group_member`, ban, 10007);
  });
});
