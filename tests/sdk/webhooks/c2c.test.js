// Before and after a one-to-one message (§7.4, 7.5).

import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";

import { ALLOW, words } from "../helpers/receiver.js";
import { random32, text } from "../helpers/rest.js";
import { withReceiver } from "../helpers/world.js";

const BEFORE = "C2C.CallbackBeforeSendMsg";
const AFTER = "C2C.CallbackAfterSendMsg";
const SEND = "openim/sendmsg";

describe("webhooks of a one-to-one message", () => {
  const at = withReceiver();
  before(() => at.admin.importAccounts("ann", "ben"));
  beforeEach(() => at.receiver.answer(BEFORE, ALLOW));

  function message(spoken, more = {}) {
    const MsgBody = [text(spoken)];
    return { From_Account: "ann", To_Account: "ben", MsgRandom: random32(), MsgBody, ...more };
  }

  test("tell before and after who says what to whom", async () => {
    const sent = message("hello", { CloudCustomData: "v1" });
    const { MsgKey, MsgTime } = await at.admin.ok(SEND, sent);
    const { MsgRandom, MsgBody } = sent;
    const expected = { From_Account: "ann", To_Account: "ben", MsgRandom, MsgBody };
    for (const command of [BEFORE, AFTER]) {
      const { body, query } = await at.receiver.next(command);
      assert.equal(query.OptPlatform, "RESTAPI");
      for (const [name, value] of Object.entries({ ...expected, CloudCustomData: "v1", MsgKey })) {
        assert.deepEqual(body[name], value, `${command}: ${name}`);
      }
      assert.equal(body.OnlineOnlyFlag, 0);
      assert.ok(Number.isInteger(body.MsgSeq) && Math.abs(body.MsgTime - MsgTime) <= 1);
      if (command === AFTER) {
        const { SendMsgResult, ErrorInfo } = body;
        assert.deepEqual([SendMsgResult, typeof ErrorInfo], [0, "string"]);
      }
    }
  });

  test("refuse with 20006, or with the receiver's own code and words", async () => {
    at.receiver.answer(BEFORE, { ...ALLOW, ErrorCode: 1, ErrorInfo: "no" });
    await at.admin.refused(SEND, message("refused"), 20006);
    at.receiver.answer(BEFORE, { ...ALLOW, ErrorCode: 120_001, ErrorInfo: "strangers" });
    assert.equal((await at.admin.refused(SEND, message("own"), 120_001)).ErrorInfo, "strangers");
    const refused = await at.receiver.next(AFTER, (body) => words(body) === "refused");
    assert.equal(refused.body.SendMsgResult, 20006);
  });

  test("do not come for a batch, nor where a message says so", async () => {
    at.receiver.answer(BEFORE, { ...ALLOW, ErrorCode: 1 });
    await at.admin.ok("openim/batchsendmsg", message("batch", { To_Account: ["ben"] }));
    const both = ["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"];
    await at.admin.ok(SEND, message("unasked", { ForbidCallbackControl: both }));
    for (const spoken of ["batch", "unasked"]) {
      for (const command of [BEFORE, AFTER]) {
        assert.equal(at.receiver.count(command, (body) => words(body) === spoken), 0);
      }
    }
  });
});
