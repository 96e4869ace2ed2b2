// Attributes and counters of a room (§4.13, 4.14, 8.7).

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { GROUPS } from "../helpers/rest.js";
import { ULTIMATE, withWorld } from "../helpers/world.js";

describe("attributes of a room", () => {
  const at = withWorld();

  async function attributes(GroupId) {
    const answer = await at.admin.ok("group_open_attr_http_svc/get_group_attr", { GroupId });
    return Object.fromEntries(answer.GroupAttrAry.map(({ key, value }) => [key, value]));
  }

  function body(GroupId, map) {
    const GroupAttr = Object.entries(map).map(([key, value]) => ({ key, value }));
    return { GroupId, GroupAttr };
  }

  test("are added to, replaced, deleted and cleared", async () => {
    await at.admin.createRoom("attributes");
    assert.deepEqual(await attributes("attributes"), {});
    await at.admin.ok(`${GROUPS}/modify_group_attr`, body("attributes", { state: "live", hot: "1" }));
    await at.admin.ok(`${GROUPS}/modify_group_attr`, body("attributes", { hot: "2" }));
    assert.deepEqual(await attributes("attributes"), { state: "live", hot: "2" });
    await at.admin.ok(`${GROUPS}/set_group_attr`, body("attributes", { state: "over", more: "x" }));
    assert.deepEqual(await attributes("attributes"), { state: "over", more: "x" });
    const gone = { GroupId: "attributes", GroupAttr: [{ key: "more" }] };
    await at.admin.ok(`${GROUPS}/delete_group_attr`, gone);
    assert.deepEqual(await attributes("attributes"), { state: "over" });
    await at.admin.ok(`${GROUPS}/clear_group_attr`, { GroupId: "attributes" });
    assert.deepEqual(await attributes("attributes"), {});
  });

  test("have bounds, each with its code", async () => {
    const path = `${GROUPS}/modify_group_attr`;
    // Five writes a second are allowed in one room, so that each bound has its own.
    const refused = async (name, map, ...codes) => {
      await at.admin.createRoom(name);
      await at.admin.refused(path, body(name, map), ...codes);
    };
    const many = (count, value) =>
      Object.fromEntries(Array.from({ length: count }, (_, number) => [`k${number}`, value]));
    await refused("long_key", { ["k".repeat(33)]: "v" }, 10045);
    await refused("long_value", { k: "v".repeat(4001) }, 10046);
    await refused("many", many(17, "v"), 10047);
    await refused("heavy", many(5, "v".repeat(3900)), 10048);
    await at.admin.refused(path, body("absent", { k: "v" }), 10010, 10015);
    const nothing = { GroupId: "many", GroupAttr: [{ key: "nope" }] };
    await at.admin.refused(`${GROUPS}/delete_group_attr`, nothing, 10050);
  });

  test("are written at most five times a second in one room", async () => {
    await at.admin.createRoom("eager");
    const writes = Array.from({ length: 30 }, (_, number) =>
      at.admin.call(`${GROUPS}/modify_group_attr`, body("eager", { k: String(number) })),
    );
    const codes = (await Promise.all(writes)).map(({ ErrorCode }) => ErrorCode);
    assert.deepEqual([...new Set(codes)].sort(), [0, 10049]);
  });
});

describe("counters of a room", () => {
  const at = withWorld(ULTIMATE);
  const UPDATE = `${GROUPS}/update_group_counter`;

  test("are set, raised, lowered, read and deleted", async () => {
    await at.admin.createRoom("likes");
    const update = (Key, Value, Mode) =>
      at.admin.ok(UPDATE, { GroupId: "likes", GroupCounter: [{ Key, Value }], Mode });
    const counters = async () => {
      const answer = await at.admin.ok(`${GROUPS}/get_group_counter`, { GroupId: "likes" });
      return Object.fromEntries(answer.GroupCounter.map(({ Key, Value }) => [Key, Value]));
    };
    const raised = await update("likes", 37, "Increase");
    assert.deepEqual(raised.GroupCounter, [{ Key: "likes", Value: 37 }]);
    await update("likes", 7, "Decrease");
    await update("gifts", -5, "Set");
    assert.deepEqual(await counters(), { likes: 30, gifts: -5 });
    const some = { GroupId: "likes", GroupCounterKeys: ["gifts"] };
    await at.admin.ok(`${GROUPS}/delete_group_counter`, some);
    assert.deepEqual(await counters(), { likes: 30 });
    await at.admin.ok(`${GROUPS}/delete_group_counter`, { GroupId: "likes" });
    assert.deepEqual(await counters(), {});
  });

  test("are at most twenty", async () => {
    await at.admin.createRoom("full");
    const GroupCounter = Array.from({ length: 21 }, (_, number) => ({ Key: `k${number}`, Value: 1 }));
    await at.admin.refused(UPDATE, { GroupId: "full", GroupCounter, Mode: "Set" }, 10063);
    const long = [{ Key: "k".repeat(129), Value: 1 }];
    await at.admin.refused(UPDATE, { GroupId: "full", GroupCounter: long, Mode: "Set" }, 10004);
    const one = [{ Key: "k", Value: 1 }];
    await at.admin.refused(UPDATE, { GroupId: "full", GroupCounter: one, Mode: "Square" }, 10004);
  });
});

describe("without the top edition", () => {
  const at = withWorld();

  test("there are no counters", async () => {
    await at.admin.createRoom("room");
    const body = { GroupId: "room", GroupCounter: [{ Key: "likes", Value: 1 }], Mode: "Set" };
    await at.admin.refused(`${GROUPS}/update_group_counter`, body, 10059);
  });
});
