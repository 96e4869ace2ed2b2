// A client of the gateway, written after docs/gateway.md.

import assert from "node:assert/strict";
import { once } from "node:events";

import WebSocket from "ws";

import { userSig } from "./rest.js";
import { Inbox, within } from "./wait.js";

export class Viewer {
  #socket;
  #inbox = new Inbox();
  #nextId = 1;

  static async login(world, user, platform = "Web") {
    const viewer = new Viewer();
    viewer.user = user;
    viewer.#socket = new WebSocket(world.gateway);
    viewer.#socket.on("message", (data) => viewer.#inbox.push(JSON.parse(data.toString())));
    viewer.#socket.on("error", () => {});
    viewer.closed = once(viewer.#socket, "close").then(([code]) => code);
    await within(once(viewer.#socket, "open"), "the connection to the gateway");
    const user_sig = userSig(world, user);
    const sdk_app_id = world.sdkAppId;
    const answer = await viewer.request({ t: "login", sdk_app_id, user_id: user, user_sig, platform });
    assert.equal(answer.t, "login_ok", JSON.stringify(answer));
    return viewer;
  }

  /** Sends a frame and gives its answer, be it good or an `error`. */
  request(frame) {
    const id = this.#nextId++;
    this.#socket.send(JSON.stringify({ ...frame, id }));
    return this.#inbox.take((answer) => answer.id === id, `the answer to ${frame.t}`);
  }

  async ok(frame) {
    const answer = await this.request(frame);
    assert.equal(answer.t, `${frame.t}_ok`, JSON.stringify(answer));
    return answer;
  }

  async refused(frame, ...codes) {
    const answer = await this.request(frame);
    assert.equal(answer.t, "error", JSON.stringify(answer));
    assert.ok(codes.includes(answer.code), JSON.stringify(answer));
    return answer;
  }

  join(group_id) {
    return this.ok({ t: "join", group_id });
  }

  leave(group_id) {
    return this.ok({ t: "leave", group_id });
  }

  say(group_id, words) {
    return this.ok(this.#comment(group_id, words));
  }

  refusedToSay(group_id, words, ...codes) {
    return this.refused(this.#comment(group_id, words), ...codes);
  }

  #comment(group_id, words) {
    const elements = [{ MsgType: "TIMTextElem", MsgContent: { Text: words } }];
    const client_id = `${this.user}-${this.#nextId}`;
    return { t: "send", group_id, client_id, priority: "Normal", elements };
  }

  /** The next frame of this kind that comes by itself. */
  push(kind, wanted = () => true) {
    return this.#inbox.take((frame) => frame.t === kind && wanted(frame), `a ${kind} frame`);
  }

  /** The next frame in which these words stand, whatever its kind. */
  heard(words) {
    return this.#inbox.take((frame) => JSON.stringify(frame).includes(words), `"${words}"`);
  }

  /** How many frames with these words came and were not taken. */
  unheard(words) {
    return this.#inbox.waiting((frame) => JSON.stringify(frame).includes(words)).length;
  }

  /** The texts of a room up to and with `last`. */
  async textsUpTo(group_id, last) {
    const texts = [];
    while (texts.at(-1) !== last) {
      const frame = await this.push("messages", (messages) => messages.group_id === group_id);
      for (const { elements } of frame.messages) texts.push(elements[0].MsgContent.Text);
    }
    return texts;
  }

  async logout() {
    this.#socket.send(JSON.stringify({ t: "logout", id: this.#nextId++ }));
    assert.equal(await within(this.closed, "the end after logout"), 1000);
  }

  /** Drops the line without a word, as a killed process does. */
  vanish() {
    this.#socket.terminate();
  }
}
