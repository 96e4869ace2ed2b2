import {
  type ChatRow,
  Code,
  type ComboView,
  type CommandError,
  type DanmakuBudget,
  type Host,
  type LiveStatusView,
  type Outcome,
  type PageAnswer,
  type ProductEntryView,
  type ProductView,
  type Reads,
  type Receive,
  type RoomEvent,
  type ServiceView,
  type ShopError,
  type ShopView,
} from "./host";
import { GIFTS, GOODS } from "./wares";

export type SendBehaviour = "ok" | "refused" | "offline" | "held";

/** Nothing is in the slot. */
export const NO_PRODUCT: ProductView = {
  id: "",
  title: "",
  price_minor: 0,
  currency: "",
  picture: "",
  ends_at_s: 0,
  counted: false,
  stock: 0,
};

/** Nobody goes on with a combo. */
export const NO_COMBO: ComboView = { gift: "", count: 0, unanswered: 0 };

/** Events that wait for a page that does not ask. Of more the oldest are dropped: it is a script. */
const MOST_WAITING = 1000;

const OK: Outcome<null, never> = { status: "ok", data: null };

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
  /** Those of everybody else. */
  likesOfOthers = 0;
  service: ServiceView = {
    running: true,
    ...ADDRESSES,
    sdk_app_id: 1400000001,
    group_id: "@TGS#demo",
    data_dir: "/var/lib/liveroom",
  };
  /** What the shop tells as soon as it is opened. */
  shop: ShopView = {
    open: true,
    user_id: "me",
    name: "Me",
    role: "viewer",
    runs_room: false,
    following: false,
    balance: 100,
    may_top_up: true,
    gifts: GIFTS,
    combo: NO_COMBO,
    refusal: { number: 0, gift: "", count: 0, error: { code: "", info: "" } },
  };
  goods: ProductEntryView[] = GOODS;
  /** Why the shop does nothing that it is asked for. */
  shopRefusal: ShopError | undefined;
  /** Why the room cannot be opened. */
  openRefusal: CommandError | undefined;
  reads: Reads | undefined;
  readonly clicks: string[] = [];
  readonly given: { gift: string; count: number }[] = [];
  readonly topUps: number[] = [];
  productsAsked = 0;
  readonly recommended: string[] = [];
  takenDown = 0;
  readonly statuses: LiveStatusView[] = [];
  hostWindows = 0;
  onReconnect: () => void = () => this.push([{ type: "session", session: { state: "online" } }]);
  onSaid: (row: ChatRow) => void = () => {};
  onGiven: (gift: string, count: number) => void = () => {};

  #receive: Receive | undefined;
  #asked = false;
  #waiting: RoomEvent[] = [];
  #shopIsNew = true;
  #opened: (() => void)[] = [];
  #rows = new Map<string, ChatRow>();
  #next = 1;

  async open(reads: Reads, receive: Receive): Promise<Outcome<null>> {
    if (this.openRefusal) return { status: "error", error: this.openRefusal };
    this.reads = reads;
    this.#receive = receive;
    this.#ask({ undrawn: [] });
    for (const begin of this.#opened) begin();
    return OK;
  }

  #ask(answer: PageAnswer): void {
    this.undrawn.push(...answer.undrawn);
    this.#asked = true;
    this.#deliver();
  }

  /** Gives the page everything that waits, if it has asked. */
  #deliver(): void {
    if (!this.#asked || (this.#waiting.length === 0 && !this.#shopIsNew)) return;
    const batch = {
      ended: false,
      events: this.#waiting,
      shop: this.#shopIsNew ? [this.shop] : [],
    };
    this.#asked = false;
    this.#waiting = [];
    this.#shopIsNew = false;
    this.#receive?.(batch, (answer) => this.#ask(answer));
  }

  whenOpened(begin: () => void): void {
    this.#opened.push(begin);
  }

  push(events: RoomEvent[]): void {
    this.#waiting = [...this.#waiting, ...events].slice(-MOST_WAITING);
    this.#deliver();
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
    this.pushLikes(0);
    return OK;
  }

  /** Others have liked the room so often. */
  pushLikes(burst: number): void {
    this.likesOfOthers += burst;
    const total = this.likesOfOthers + this.likes;
    const likes = { total, counted: false, unconfirmed: this.likes };
    this.push([{ type: "likes", likes, burst }]);
  }

  async setDanmakuBudget(budget: DanmakuBudget): Promise<Outcome<null>> {
    this.budgets.push(budget);
    return OK;
  }

  async setDanmakuVisible(visible: boolean): Promise<Outcome<null>> {
    this.visibility.push(visible);
    return OK;
  }

  async reconnect(): Promise<Outcome<null>> {
    this.reconnects++;
    this.onReconnect();
    return OK;
  }

  pushShop(change: Partial<ShopView>): void {
    this.shop = { ...this.shop, ...change };
    this.#shopIsNew = true;
    this.#deliver();
  }

  async clickGift(gift: string): Promise<Outcome<null, ShopError>> {
    this.clicks.push(gift);
    return this.#trade(() => {
      const { combo } = this.shop;
      const count = combo.gift === gift ? combo.count + 1 : 1;
      this.#pay(gift, 1, { gift, count, unanswered: 0 });
      this.onGiven(gift, count);
    });
  }

  async giveGifts(gift: string, count: number): Promise<Outcome<null, ShopError>> {
    this.given.push({ gift, count });
    return this.#trade(() => {
      this.#pay(gift, count, this.shop.combo);
      this.onGiven(gift, count);
    });
  }

  async topUp(coins: number): Promise<Outcome<null, ShopError>> {
    this.topUps.push(coins);
    return this.#trade(() => this.pushShop({ balance: this.shop.balance + coins }));
  }

  async products(): Promise<Outcome<ProductEntryView[], ShopError>> {
    this.productsAsked++;
    if (this.shopRefusal) return { status: "error", error: this.shopRefusal };
    return { status: "ok", data: this.goods.map((entry) => ({ ...entry })) };
  }

  async recommend(product: string): Promise<Outcome<null, ShopError>> {
    this.recommended.push(product);
    return this.#trade(() => {
      const entry = this.goods.find(({ id }) => id === product);
      if (entry) this.push([{ type: "product", product: { ...entry, ends_at_s: 0 } }]);
    });
  }

  async takeDown(): Promise<Outcome<null, ShopError>> {
    this.takenDown++;
    return this.#trade(() => this.push([{ type: "product", product: NO_PRODUCT }]));
  }

  async follow(following: boolean): Promise<Outcome<null, ShopError>> {
    return this.#trade(() => this.pushShop({ following }));
  }

  async setLiveStatus(status: LiveStatusView): Promise<Outcome<null, ShopError>> {
    this.statuses.push(status);
    return this.#trade(() => this.push([{ type: "live_status", status }]));
  }

  async openHostWindow(): Promise<Outcome<null>> {
    this.hostWindows++;
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

  #trade(does: () => void): Outcome<null, ShopError> {
    if (this.shopRefusal) return { status: "error", error: this.shopRefusal };
    does();
    return OK;
  }

  #pay(gift: string, count: number, combo: ShopView["combo"]): void {
    const price = this.shop.gifts.find(({ id }) => id === gift)?.price ?? 0;
    this.pushShop({ balance: this.shop.balance - count * price, combo });
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
