// One-to-one messages (§5).

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { random32, text } from "../helpers/rest.js";
import { withWorld } from "../helpers/world.js";

describe("one-to-one messages", () => {
  const at = withWorld();
  before(() => at.admin.importAccounts("ann", "ben", "cem", "eve"));

  function message(From_Account, To_Account, words, more = {}) {
    return { From_Account, To_Account, MsgRandom: random32(), MsgBody: [text(words)], ...more };
  }

  async function roam(From_Account, To_Account, more = {}) {
    const MaxTime = Math.floor(Date.now() / 1000) + 60;
    const body = { From_Account, To_Account, MaxCnt: 100, MinTime: 0, MaxTime, ...more };
    return at.admin.ok("openim/admin_getroammsg", body);
  }

  test("are sent, dated, keyed, and found again from both sides", async () => {
    const sent = await at.admin.ok(
      "openim/sendmsg",
      message("ann", "ben", "hello", { SyncOtherMachine: 1, CloudCustomData: "v1" }),
    );
    assert.match(sent.MsgKey, /^\d+_\d+_\d+$/);
    assert.ok(sent.MsgKey.length <= 50);
    assert.ok(Math.abs(sent.MsgTime - Date.now() / 1000) < 300);
    for (const [one, other] of [["ann", "ben"], ["ben", "ann"]]) {
      const answer = await roam(one, other);
      assert.deepEqual([answer.Complete, answer.MsgCnt], [1, 1]);
      const [found] = answer.MsgList;
      assert.deepEqual([found.From_Account, found.To_Account], ["ann", "ben"]);
      assert.deepEqual([found.MsgKey, found.MsgFlagBits], [sent.MsgKey, 0]);
      assert.deepEqual([found.MsgBody, found.CloudCustomData], [[text("hello")], "v1"]);
      for (const number of ["MsgSeq", "MsgRandom", "MsgTimeStamp"]) {
        assert.ok(Number.isInteger(found[number]), number);
      }
      assert.equal(answer.LastMsgKey, sent.MsgKey);
    }
  });

  test("that are only for those online are not kept", async () => {
    await at.admin.ok("openim/sendmsg", message("ann", "cem", "psst", { MsgLifeTime: 0 }));
    assert.equal((await roam("ann", "cem")).MsgCnt, 0);
  });

  test("that cannot be sent are refused with the documented code", async () => {
    const bad = (body, ...codes) => at.admin.refused("openim/sendmsg", body, ...codes);
    const good = message("ann", "ben", "x");
    await bad({ ...good, To_Account: undefined }, 90003);
    await bad({ ...good, MsgRandom: undefined }, 90005);
    await bad({ ...good, MsgRandom: "12" }, 90005);
    await bad({ ...good, MsgBody: "x" }, 90002, 90007);
    await bad({ ...good, MsgBody: [{ MsgType: "TIMNopeElem", MsgContent: {} }] }, 90010, 90002);
    await bad({ ...good, MsgLifeTime: 604_801 }, 90026);
    await bad({ ...good, SyncOtherMachine: "1" }, 90031);
    await bad({ ...good, MsgLifeTime: "1" }, 90044);
    await bad({ ...good, To_Account: "nobody" }, 20003, 90012, 90048);
    await bad({ ...good, From_Account: "nobody" }, 20003, 90008, 90048);
  });

  test("go to many at once, and say whom they did not reach", async () => {
    const path = "openim/batchsendmsg";
    const all = await at.admin.ok(path, message("ann", ["ben", "eve"], "batch"));
    assert.equal(typeof all.MsgKey, "string");
    assert.deepEqual(all.ErrorList ?? [], []);
    assert.equal((await roam("ann", "eve")).MsgCnt, 1);

    const some = await at.admin.call(path, message("ann", ["eve", "nobody"], "batch 2"));
    assert.deepEqual([some.ActionStatus, some.ErrorCode], ["SomeError", 0]);
    assert.equal(some.ErrorList.length, 1);
    assert.equal(some.ErrorList[0].To_Account, "nobody");
    await at.admin.refused(path, message("ann", ["nobody", "noone"], "batch 3"), 90012);
    const crowd = Array.from({ length: 501 }, (_, number) => `crowd_${number}`);
    await at.admin.refused(path, message("ann", crowd, "batch 4"), 90011);
  });

  test("are withdrawn once, and then marked so", async () => {
    const { MsgKey } = await at.admin.ok("openim/sendmsg", message("ben", "cem", "oops"));
    const path = "openim/admin_msgwithdraw";
    const withdraw = { From_Account: "ben", To_Account: "cem", MsgKey };
    await at.admin.ok(path, withdraw);
    const { MsgList } = await roam("ben", "cem");
    assert.equal(MsgList.at(-1).MsgFlagBits, 8);
    await at.admin.refused(path, withdraw, 20023);
    await at.admin.refused(path, { ...withdraw, MsgKey: "1_2_3" }, 20022);
    await at.admin.refused(path, { ...withdraw, MsgKey: "nonsense" }, 90054);
  });

  test("are read page by page", async () => {
    for (const words of ["1", "2", "3"]) {
      await at.admin.ok("openim/sendmsg", message("cem", "eve", words));
    }
    const first = await roam("cem", "eve", { MaxCnt: 2 });
    assert.deepEqual([first.Complete, first.MsgCnt], [0, 2]);
    const more = { MaxCnt: 2, MaxTime: first.LastMsgTime, LastMsgKey: first.LastMsgKey };
    const second = await roam("cem", "eve", more);
    assert.deepEqual([second.Complete, second.MsgCnt], [1, 1]);
    const keys = [...first.MsgList, ...second.MsgList].map(({ MsgKey }) => MsgKey);
    assert.equal(new Set(keys).size, 3);
  });
});
