// The access layer (§1.1, §1.5) and UserSigs (§1.6, §2).

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { ACCOUNTS, GROUPS, checkRefusal, userSig } from "../helpers/rest.js";
import { withWorld } from "../helpers/world.js";

const IMPORT = `${ACCOUNTS}/account_import`;

describe("access to the REST API", () => {
  const at = withWorld();

  async function refused(query, ...codes) {
    checkRefusal(IMPORT, await at.admin.call(IMPORT, { UserID: "viewer" }, query), ...codes);
  }

  test("a UserSig of the published package opens the door, also with a userbuf inside", async () => {
    await at.admin.ok(IMPORT, { UserID: "viewer" });
    const { Api } = await import("tls-sig-api-v2");
    const { sdkAppId, key } = at.world;
    const usersig = new Api(sdkAppId, key).genSig("administrator", 600, Buffer.from("abc"));
    const answer = await at.admin.call(IMPORT, { UserID: "viewer" }, { usersig });
    assert.equal(answer.ErrorCode, 0);
  });

  test("a wrong UserSig is refused with the code of what is wrong about it", async (t) => {
    const { sdkAppId, key } = at.world;
    await refused({ usersig: "" }, 70002);
    await refused({ usersig: "no-sig" }, 70003);
    const otherKey = userSig({ sdkAppId, key: "f".repeat(64) }, "administrator");
    await refused({ usersig: otherKey }, 70009);
    await refused({ usersig: userSig(at.world, "somebody") }, 70013);
    await refused({ usersig: userSig({ sdkAppId: sdkAppId + 1, key }, "administrator") }, 70014);
    const anHourAgo = Date.now() - 3_600_000;
    const clock = t.mock.method(Date, "now", () => anHourAgo);
    const expired = userSig(at.world, "administrator", 1800);
    clock.mock.restore();
    await refused({ usersig: expired }, 70001);
  });

  test("only administrators of the application may call", async () => {
    await at.admin.importAccount("viewer");
    await refused({ identifier: "viewer", usersig: userSig(at.world, "viewer") }, 60010);
  });

  test("the parameters of the address are checked", async () => {
    await refused({ sdkappid: undefined }, 60012);
    await refused({ sdkappid: "1" }, 60006);
    await refused({ identifier: undefined }, 60004, 60005);
    await refused({ random: "4294967296" }, 60002);
    await refused({ contenttype: "xml" }, 60002);
  });

  test("unknown commands, bodies that are no JSON and other methods are refused", async () => {
    await at.admin.refused("no_such_service/no_such_command", {}, 60009);
    await at.admin.refused(`${GROUPS}/no_such_command`, {}, 10003, 60009);
    checkRefusal(IMPORT, await at.admin.request(IMPORT, "{"), 60003, 70402);
    checkRefusal(IMPORT, await at.admin.request(IMPORT, ""), 60003, 70402);
    checkRefusal(IMPORT, await at.admin.request(IMPORT, "", {}, "GET"), 60008);
  });
});
