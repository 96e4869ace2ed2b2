// Accounts and online state (§3.1).

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Viewer } from "../helpers/gateway.js";
import { ACCOUNTS } from "../helpers/rest.js";
import { withWorld } from "../helpers/world.js";

describe("accounts", () => {
  const at = withWorld();

  const items = (...users) => users.map((UserID) => ({ UserID }));

  async function status(...users) {
    const CheckItem = items(...users);
    const answer = await at.admin.ok(`${ACCOUNTS}/account_check`, { CheckItem });
    for (const { ResultCode, ResultInfo } of answer.ResultItem) {
      assert.deepEqual([ResultCode, ResultInfo], [0, ""]);
    }
    return answer.ResultItem.map(({ UserID, AccountStatus }) => `${UserID} ${AccountStatus}`);
  }

  test("an account is imported under the new and the old name of its field", async () => {
    const FaceUrl = "https://img.example/7.png";
    await at.admin.ok(`${ACCOUNTS}/account_import`, { UserID: "host_7", Nick: "Mei", FaceUrl });
    await at.admin.ok(`${ACCOUNTS}/account_import`, { Identifier: "host_8", Nick: "Lan" });
    const expected = ["host_7 Imported", "host_8 Imported", "host_9 NotImported"];
    assert.deepEqual(await status("host_7", "host_8", "host_9"), expected);
  });

  test("an account without a name, or with too long a one, is refused", async () => {
    await at.admin.refused(`${ACCOUNTS}/account_import`, { Nick: "Mei" }, 70402);
    await at.admin.refused(`${ACCOUNTS}/account_import`, { UserID: "" }, 70402, 10004);
    await at.admin.refused(`${ACCOUNTS}/account_import`, { UserID: "x".repeat(33) }, 70402, 10004);
  });

  test("a hundred accounts are imported in one call, and not one more", async () => {
    const Accounts = Array.from({ length: 100 }, (_, number) => `crowd_${number}`);
    const answer = await at.admin.ok(`${ACCOUNTS}/multiaccount_import`, { Accounts });
    assert.deepEqual(answer.FailAccounts, []);
    assert.deepEqual(await status("crowd_0", "crowd_99"), ["crowd_0 Imported", "crowd_99 Imported"]);
    const tooMany = { Accounts: [...Accounts, "crowd_100"] };
    await at.admin.refused(`${ACCOUNTS}/multiaccount_import`, tooMany, 70206, 70402);
  });

  test("a deleted account is gone, an administrator stays", async () => {
    await at.admin.importAccount("gone");
    const DeleteItem = items("gone", "administrator");
    const answer = await at.admin.call(`${ACCOUNTS}/account_delete`, { DeleteItem });
    const [gone, administrator] = answer.ResultItem;
    assert.deepEqual(gone, { UserID: "gone", ResultCode: 0, ResultInfo: "" });
    assert.equal(administrator.UserID, "administrator");
    assert.notEqual(administrator.ResultCode, 0);
    assert.deepEqual(await status("gone"), ["gone NotImported"]);
  });

  for (const command of ["query_online_status", "querystate"]) {
    test(`${command} tells who is there and on what`, async () => {
      await at.admin.importAccount("absent");
      const viewer = await Viewer.login(at.world, `here_${command}`, "Web");
      const To_Account = [viewer.user, "absent", "nobody_at_all"];
      const answer = await at.admin.ok(`openim/${command}`, { To_Account, IsNeedDetail: 1 });
      const [here, absent] = answer.QueryResult;
      assert.equal(here.To_Account, viewer.user);
      assert.equal(here.Status ?? here.State, "Online");
      assert.equal(absent.Status ?? absent.State, "Offline");
      assert.deepEqual(here.Detail, [{ Platform: "Web", Status: "Online" }]);
      assert.equal(answer.ErrorList.length, 1);
      assert.equal(answer.ErrorList[0].To_Account, "nobody_at_all");
      assert.notEqual(answer.ErrorList[0].ErrorCode, 0);
      await viewer.logout();
    });
  }

  test("an online state is asked for at least one and at most 500 accounts", async () => {
    await at.admin.refused("openim/query_online_status", { To_Account: [] }, 90001, 90003);
    const To_Account = Array.from({ length: 501 }, (_, number) => `crowd_${number}`);
    await at.admin.refused("openim/query_online_status", { To_Account }, 90011);
  });

  test("a kick ends every login of the account", async () => {
    const web = await Viewer.login(at.world, "kicked", "Web");
    const phone = await Viewer.login(at.world, "kicked", "Android");
    await at.admin.ok(`${ACCOUNTS}/kick`, { UserID: "kicked" });
    for (const viewer of [web, phone]) {
      await viewer.push("kicked");
      assert.equal(await viewer.closed, 4002);
    }
    await at.admin.ok(`${ACCOUNTS}/kick`, { Identifier: "kicked" });
  });
});
