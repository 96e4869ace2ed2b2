import {
  type ChatRow,
  Code,
  type CommandError,
  type DanmakuBudget,
  type Host,
  type Outcome,
  type RoomEvent,
  type ServiceView,
} from "./host";

export type SendBehaviour = "ok" | "refused" | "offline" | "held";

const OK: Outcome<null> = { status: "ok", data: null };

/** A service that is stopped has none. */
const ADDRESSES = { rest: "http://127.0.0.1:8091", gateway: "ws://127.0.0.1:8092" };

/**
 * A host without a service behind it: it says what it is told to say. Tests push events into it and
 * read back what the window asked for; a plain browser gets it together with a crowd.
 */
export class ScriptedHost implements Host {
  /** What becomes of the next comment: confirmed, refused by the room, never taken, or left open. */
  sending: SendBehaviour = "ok";
  refusal: CommandError = { code: Code.Muted, info: "muted" };
  readonly said: string[] = [];
  readonly retried: string[] = [];
  /** Why the next try is not even begun; the row then stays as it is. */
  retryRefusal: CommandError | undefined;
  readonly budgets: DanmakuBudget[] = [];
  readonly visibility: boolean[] = [];
  readonly undrawn: number[] = [];
  reconnects = 0;
  likes = 0;
  service: ServiceView = {
    running: true,
    ...ADDRESSES,
    sdk_app_id: 1400000001,
    group_id: "@TGS#demo",
    data_dir: "/var/lib/liveroom",
  };
  onReconnect: () => void = () => this.push([{ type: "session", session: { state: "online" } }]);
  onSaid: (row: ChatRow) => void = () => {};

  #receive: ((events: RoomEvent[]) => void) | undefined;
  #opened: (() => void)[] = [];
  #rows = new Map<string, ChatRow>();
  #next = 1;

  async open(receive: (events: RoomEvent[]) => void): Promise<Outcome<null>> {
    this.#receive = receive;
    for (const begin of this.#opened) begin();
    return OK;
  }

  whenOpened(begin: () => void): void {
    this.#opened.push(begin);
  }

  push(events: RoomEvent[]): void {
    this.#receive?.(events);
  }

  async sendComment(text: string): Promise<Outcome<null>> {
    if (this.sending === "offline") {
      return { status: "error", error: { code: Code.NotOnline, info: "not online" } };
    }
    this.said.push(text);
    const key = `own-${this.#next++}`;
    const row: ChatRow = {
      key,
      kind: "comment",
      seq: 0,
      user_id: "me",
      name: "Me",
      text,
      own: true,
      time_ms: Date.now(),
      state: "sending",
      reached: 0,
      code: 0,
      reason: "",
    };
    this.#settle(row);
    return OK;
  }

  async retryComment(key: string): Promise<Outcome<null>> {
    this.retried.push(key);
    if (this.retryRefusal) return { status: "error", error: this.retryRefusal };
    const row = this.#rows.get(key);
    if (row) this.#settle({ ...row, state: "sending", code: 0, reason: "" });
    return OK;
  }

  /** Ends a comment that was left open. */
  confirm(key: string): void {
    this.#update(key, { state: "sent", seq: this.#next++ });
  }

  /** The room chose others; nobody else sees it. */
  passOver(key: string): void {
    this.#update(key, { state: "sampled_out" });
  }

  takeBack(key: string): void {
    this.#update(key, { state: "recalled" });
  }

  refuse(key: string, error: CommandError = this.refusal): void {
    this.#update(key, { state: "failed", code: error.code, reason: error.info });
  }

  async like(): Promise<Outcome<null>> {
    this.likes++;
    const likes = { total: 0, counted: false, unconfirmed: this.likes };
    this.push([{ type: "likes", likes, burst: 1 }]);
    return OK;
  }

  async setDanmakuBudget(budget: DanmakuBudget): Promise<Outcome<null>> {
    this.budgets.push(budget);
    return OK;
  }

  async setDanmakuVisible(visible: boolean): Promise<Outcome<null>> {
    this.visibility.push(visible);
    return OK;
  }

  async reportUndrawn(ids: number[]): Promise<Outcome<null>> {
    this.undrawn.push(...ids);
    return OK;
  }

  async reconnect(): Promise<Outcome<null>> {
    this.reconnects++;
    this.onReconnect();
    return OK;
  }

  async serviceStatus(): Promise<Outcome<ServiceView>> {
    return { status: "ok", data: { ...this.service } };
  }

  async stopService(): Promise<Outcome<null>> {
    this.service = { ...this.service, running: false, rest: "", gateway: "" };
    this.push([{ type: "session", session: { state: "offline" } }]);
    return OK;
  }

  async startService(): Promise<Outcome<null>> {
    this.service = { ...this.service, running: true, ...ADDRESSES };
    this.push([{ type: "session", session: { state: "online" } }]);
    return OK;
  }

  #settle(row: ChatRow): void {
    this.#rows.set(row.key, row);
    this.push([{ type: "chat", rows: [row] }]);
    if (this.sending === "ok") {
      this.confirm(row.key);
      this.onSaid(row);
    } else if (this.sending === "refused") {
      this.refuse(row.key);
    }
  }

  #update(key: string, change: Partial<ChatRow>): void {
    const row = this.#rows.get(key);
    if (!row) return;
    const next = { ...row, ...change };
    this.#rows.set(key, next);
    this.push([{ type: "chat", rows: [next] }]);
  }
}
