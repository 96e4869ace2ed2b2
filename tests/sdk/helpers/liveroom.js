// The `liveroom` binary as a process: applications made on the command line, a service on a free
// port, and a data folder that goes away with it.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { Administrator } from "./rest.js";
import { within } from "./wait.js";

function binary() {
  const path = process.env.LIVEROOM_BIN;
  if (!path) {
    throw new Error("LIVEROOM_BIN is not set: run this as `cargo xtask test --only sdk-node`");
  }
  return path;
}

/** A running `liveroom serve` with one application. */
export class World {
  #dataDir;
  #child;

  /**
   * Makes an application, configures it, starts the service.
   *
   * `settings` are the names and values that `liveroom app setting` takes, `fields` names of custom
   * group fields, `callbacks` an object {url, token, onFailure}; all its commands are switched on.
   */
  static async start({ edition, settings = {}, fields = [], callbacks } = {}) {
    const world = new World();
    world.#dataDir = await mkdtemp(join(tmpdir(), "liveroom-sdk-"));
    try {
      await world.#make({ edition, settings, fields, callbacks });
      await world.#serve();
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  async #make({ edition, settings, fields, callbacks }) {
    const app = JSON.parse(await this.#app("create", "--name", "shop"));
    this.sdkAppId = app.sdk_app_id;
    this.key = app.key;
    if (edition) await this.configure("edition", "--to", edition);
    for (const [name, value] of Object.entries(settings)) {
      await this.configure("setting", "--name", name, "--value", String(value));
    }
    for (const name of fields) await this.configure("field", "add", "--name", name);
    if (callbacks) {
      const token = callbacks.token ? ["--token", callbacks.token] : [];
      await this.configure("callback", "set", "--url", callbacks.url, ...token);
      await this.configure("callback", "switch", "--command", "all", "--on");
      if (callbacks.onFailure) {
        await this.configure("callback", "policy", "--on-failure", callbacks.onFailure);
      }
    }
  }

  async #serve() {
    const arguments_ = ["serve", "--only", "chat", "--listen", "127.0.0.1:0"];
    arguments_.push("--data-dir", this.#dataDir);
    this.#child = spawn(binary(), arguments_, { stdio: ["ignore", "pipe", "ignore"] });
    const lines = createInterface({ input: this.#child.stdout });
    const ended = once(this.#child, "exit").then(([code]) => {
      throw new Error(`liveroom serve ended with ${code} before it was ready`);
    });
    ended.catch(() => {});
    const [line] = await within(Promise.race([once(lines, "line"), ended]), "the ready line");
    const ready = JSON.parse(line);
    this.rest = ready.rest;
    this.gateway = ready.gateway;
    this.administrator = new Administrator(this);
  }

  /** `liveroom app …` for this world's application. */
  configure(...arguments_) {
    return this.#app(...arguments_, "--sdk-app-id", String(this.sdkAppId));
  }

  async #app(...arguments_) {
    const all = ["app", ...arguments_, "--data-dir", this.#dataDir];
    const { stdout } = await promisify(execFile)(binary(), all);
    return stdout;
  }

  async stop() {
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await within(once(child, "exit"), "the end of liveroom serve").catch((error) => {
        child.kill("SIGKILL");
        throw error;
      });
    }
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}
