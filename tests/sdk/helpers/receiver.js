// A webhook receiver as a business server has one.

import { once } from "node:events";
import { createServer } from "node:http";

import { Inbox } from "./wait.js";

export const ALLOW = { ActionStatus: "OK", ErrorCode: 0, ErrorInfo: "" };

export class Receiver {
  #server;
  #inbox = new Inbox();
  #answers = new Map();
  /** Every call so far: {method, path, query, body, command}. */
  calls = [];

  static async start() {
    const receiver = new Receiver();
    receiver.#server = createServer((request, response) => receiver.#receive(request, response));
    receiver.#server.listen(0, "127.0.0.1");
    await once(receiver.#server, "listening");
    receiver.url = `http://127.0.0.1:${receiver.#server.address().port}/im/callback`;
    return receiver;
  }

  /**
   * What a command is answered from now on: an object, or a function of the body that gives one.
   * `{status}` answers with that HTTP status; `{silent: true}` never answers.
   */
  answer(command, answer) {
    this.#answers.set(command, answer);
  }

  async #receive(request, response) {
    const url = new URL(request.url, "http://receiver");
    let bytes = "";
    for await (const part of request) bytes += part;
    const body = JSON.parse(bytes);
    const query = Object.fromEntries(url.searchParams);
    const command = body.CallbackCommand;
    const call = { method: request.method, path: url.pathname, query, body, command };
    this.calls.push(call);
    this.#inbox.push(call);

    const configured = this.#answers.get(command) ?? ALLOW;
    const answer = typeof configured === "function" ? configured(body) : configured;
    if (answer.silent) return;
    response.writeHead(answer.status ?? 200, { "Content-Type": "application/json" });
    response.end(answer.status ? "" : JSON.stringify(answer));
  }

  /** The next call of a command, with the body it has to have. */
  next(command, wanted = () => true) {
    const match = (call) => call.command === command && wanted(call.body);
    return this.#inbox.take(match, `the webhook ${command}`);
  }

  /** How often a command was called with such a body. */
  count(command, wanted = () => true) {
    return this.calls.filter((call) => call.command === command && wanted(call.body)).length;
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** The words of the first element of a message body. */
export function words(body) {
  return body.MsgBody[0].MsgContent.Text;
}
