// Profiles (§3.2–3.4).

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { withWorld } from "../helpers/world.js";

const NICK = "Tag_Profile_IM_Nick";
const LEVEL = "Tag_Profile_IM_Level";
const GENDER = "Tag_Profile_IM_Gender";

describe("profiles", () => {
  const at = withWorld();
  before(() => at.admin.importAccount("host", "Mei"));

  async function profile(user, ...TagList) {
    const body = { To_Account: [user], TagList };
    const answer = await at.admin.ok("profile/portrait_get", body);
    const [entry] = answer.UserProfileItem;
    assert.deepEqual([entry.To_Account, entry.ResultCode], [user, 0]);
    return Object.fromEntries(entry.ProfileItem.map(({ Tag, Value }) => [Tag, Value]));
  }

  function set(...pairs) {
    const ProfileItem = pairs.map(([Tag, Value]) => ({ Tag, Value }));
    return { From_Account: "host", ProfileItem };
  }

  test("what was imported can be read as a profile", async () => {
    assert.deepEqual(await profile("host", NICK), { [NICK]: "Mei" });
  });

  test("what was set can be read again, text as text and numbers as numbers", async () => {
    const body = set([NICK, "Mei 美"], [LEVEL, 12], [GENDER, "Gender_Type_Female"]);
    await at.admin.ok("profile/portrait_set", body);
    const expected = { [NICK]: "Mei 美", [LEVEL]: 12, [GENDER]: "Gender_Type_Female" };
    assert.deepEqual(await profile("host", NICK, LEVEL, GENDER), expected);
  });

  test("a wrong value is refused and changes nothing", async () => {
    const path = "profile/portrait_set";
    await at.admin.ok(path, set([NICK, "Kept"]));
    await at.admin.refused(path, set([NICK, "x".repeat(501)]), 40601);
    await at.admin.refused(path, set([GENDER, "Gender_Type_Robot"]), 40605);
    await at.admin.refused(path, set([LEVEL, "twelve"]), 40610);
    await at.admin.refused(path, set(["Tag_Profile_IM_Nope", "x"]), 40009);
    await at.admin.refused(path, { ...set([NICK, "x"]), From_Account: "nobody" }, 40003);
    assert.deepEqual(await profile("host", NICK), { [NICK]: "Kept" });
  });

  test("an account that does not exist fails alone", async () => {
    const body = { To_Account: ["host", "nobody"], TagList: [NICK] };
    const answer = await at.admin.ok("profile/portrait_get", body);
    assert.deepEqual(answer.Fail_Account, ["nobody"]);
    const failed = answer.UserProfileItem.find((entry) => entry.To_Account === "nobody");
    assert.notEqual(failed.ResultCode, 0);
    await at.admin.refused("profile/portrait_get", { To_Account: [], TagList: [NICK] }, 40001, 40002);
  });
});
