// REST calls over plain HTTP, with UserSigs made by the published package of another language.

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";

import { Api } from "tls-sig-api-v2";

const DAY_S = 86_400;

export const GROUPS = "group_open_http_svc";
export const ROOMS = "group_open_avchatroom_http_svc";
export const ACCOUNTS = "im_open_login_svc";

/** A UserSig as a business server in Node.js makes it. */
export function userSig({ sdkAppId, key }, user, expire = DAY_S) {
  return new Api(sdkAppId, key).genUserSig(user, expire);
}

/** An unsigned 32-bit number: for `random`, `Random` and `MsgRandom`. */
export function random32() {
  return randomInt(0, 2 ** 32);
}

export function text(words) {
  return { MsgType: "TIMTextElem", MsgContent: { Text: words } };
}

export function custom(data) {
  const MsgContent = { Data: JSON.stringify(data), Desc: "", Ext: "", Sound: "" };
  return { MsgType: "TIMCustomElem", MsgContent };
}

/** An administrator of an application who calls one command after the other. */
export class Administrator {
  #world;

  constructor(world) {
    this.#world = world;
    this.query = {
      sdkappid: String(world.sdkAppId),
      identifier: "administrator",
      usersig: userSig(world, "administrator"),
      contenttype: "json",
    };
  }

  /** Sends a request as it stands; `body` is text. `undefined` in `query` leaves a parameter out. */
  async request(path, body, query = {}, method = "POST") {
    const url = new URL(`/v4/${path}`, this.#world.rest);
    const all = { ...this.query, random: String(random32()), ...query };
    for (const [name, value] of Object.entries(all)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const response = await fetch(url, { method, body: method === "GET" ? undefined : body });
    assert.equal(response.status, 200, "every answered call has HTTP status 200");
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.match(response.headers.get("content-type"), /^application\/json/);
    const answer = await response.json();
    checkEnvelope(path, answer);
    return answer;
  }

  call(path, body = {}, query = {}) {
    return this.request(path, JSON.stringify(body), query);
  }

  async ok(path, body) {
    const answer = await this.call(path, body);
    const { ActionStatus, ErrorCode, ErrorInfo } = answer;
    const expected = { ActionStatus: "OK", ErrorCode: 0, ErrorInfo: "" };
    assert.deepEqual({ ActionStatus, ErrorCode, ErrorInfo }, expected, path);
    return answer;
  }

  /** A call that has to fail with one of these codes and a reason. */
  async refused(path, body, ...codes) {
    const answer = await this.call(path, body);
    checkRefusal(path, answer, ...codes);
    return answer;
  }

  importAccount(UserID, Nick) {
    return this.ok(`${ACCOUNTS}/account_import`, { UserID, Nick });
  }

  async importAccounts(...users) {
    for (const user of users) await this.importAccount(user);
  }

  createRoom(GroupId, more = {}) {
    const body = { Type: "AVChatRoom", Name: "Evening sale", GroupId, ...more };
    return this.ok(`${GROUPS}/create_group`, body);
  }

  say(GroupId, words, more = {}) {
    const body = { GroupId, Random: random32(), MsgBody: [text(words)], ...more };
    return this.ok(`${GROUPS}/send_group_msg`, body);
  }

  /** The whole profile of one group. */
  async group(GroupId) {
    const answer = await this.ok(`${GROUPS}/get_group_info`, { GroupIdList: [GroupId] });
    return answer.GroupInfo[0];
  }
}

export function checkRefusal(path, answer, ...codes) {
  assert.equal(answer.ActionStatus, "FAIL", `${path} answered ${JSON.stringify(answer)}`);
  const wanted = `${path} answered ${JSON.stringify(answer)} instead of ${codes.join(" or ")}`;
  assert.ok(codes.includes(answer.ErrorCode), wanted);
  assert.notEqual(answer.ErrorInfo, "", `${path} says why`);
}

function checkEnvelope(path, answer) {
  const { ActionStatus, ErrorCode, ErrorInfo } = answer;
  assert.ok(["OK", "FAIL", "SomeError"].includes(ActionStatus), `${path}: ${ActionStatus}`);
  assert.ok(Number.isInteger(ErrorCode), `${path}: ErrorCode is a whole number`);
  assert.equal(typeof ErrorInfo, "string", `${path}: ErrorInfo is text`);
  assert.equal(ErrorCode === 0, ActionStatus !== "FAIL", `${path}: status and code agree`);
}
