import type {
  CommandError,
  DanmakuBudget,
  LiveStatusView,
  PageAnswer,
  PageBatch,
  ProductEntryView,
  Reads,
  ServiceView,
  SessionView,
  ShopError,
} from "../bindings";

export type {
  AnnouncementView,
  ChatRow,
  ComboView,
  CommandError,
  DanmakuBudget,
  DanmakuCounters,
  DrawResultView,
  DrawsView,
  FlyingComment,
  FoldedComment,
  GiftBannerView,
  GiftKindView,
  GiftRefusalView,
  LikesView,
  LiveStatusView,
  OpenDrawView,
  PageAnswer,
  PageBatch,
  ProductEntryView,
  ProductView,
  Reads,
  RoomEvent,
  RoomEventKind,
  RoomView,
  ServiceView,
  SessionView,
  ShopError,
  ShopView,
  SpeechView,
} from "../bindings";

export type Outcome<T, E = CommandError> =
  | { status: "ok"; data: T }
  | { status: "error"; error: E };

export type SessionState = SessionView["state"];

/**
 * Takes a batch. There is no further one before `ask` is called, with what the page has to say: that
 * is its credit, so nothing piles up for a page that hangs.
 */
export type Receive = (batch: PageBatch, ask: (answer: PageAnswer) => void) => void;

/** There will be no further batch: the page has to be opened again. */
export type Ended = (error: CommandError) => void;

/**
 * Everything the window needs from whoever runs the room. The desktop shell is one answer, a script
 * is another; no component knows which one it talks to. No method rejects: what went wrong is in
 * the outcome.
 */
export interface Host {
  /** Opens the room and its shop. The first batch is everything there is to know of what is read. */
  open(reads: Reads, receive: Receive, ended: Ended): Promise<Outcome<null>>;
  /**
   * `ok` means that a chat row now stands for the text and will say how it ends. `error` means that
   * there is no row, so the composer takes the text back.
   */
  sendComment(text: string): Promise<Outcome<null>>;
  retryComment(key: string): Promise<Outcome<null>>;
  /** Likes the room. The host collects what is clicked and sends it now and then. */
  like(): Promise<Outcome<null>>;
  /** How many flying comments the stage can take; the host decides which ones they are. */
  setDanmakuBudget(budget: DanmakuBudget): Promise<Outcome<null>>;
  setDanmakuVisible(visible: boolean): Promise<Outcome<null>>;
  reconnect(): Promise<Outcome<null>>;
  /** One click. Clicks in a row are one combo; the shop tells what became of them. */
  clickGift(gift: string): Promise<Outcome<null, ShopError>>;
  /** A number of gifts that was chosen in advance; `ok` means that they are paid. */
  giveGifts(gift: string, count: number): Promise<Outcome<null, ShopError>>;
  topUp(coins: number): Promise<Outcome<null, ShopError>>;
  products(): Promise<Outcome<ProductEntryView[], ShopError>>;
  /** These three are for who runs the room. */
  recommend(product: string): Promise<Outcome<null, ShopError>>;
  takeDown(): Promise<Outcome<null, ShopError>>;
  setLiveStatus(status: LiveStatusView): Promise<Outcome<null, ShopError>>;
  /** Follows the host of the room, or does so no more; the shop tells what became of it. */
  follow(following: boolean): Promise<Outcome<null, ShopError>>;
  /** Opens a second window on the room, as its host. */
  openHostWindow(): Promise<Outcome<null>>;
  serviceStatus(): Promise<Outcome<ServiceView>>;
  stopService(): Promise<Outcome<null>>;
  startService(): Promise<Outcome<null>>;
}

/** Codes the window has words of its own for. The others are shown with the host's sentence. */
export const Code = {
  NotOnline: 9001,
  NotInRoom: 9002,
  NoAnswer: 9005,
  SenderRate: 9008,
  SlowMode: 9009,
  LinkRefused: 9010,
  GuestsReadOnly: 9011,
  NotAllowed: 10007,
  RoomGone: 10010,
  RoomUnknown: 10015,
  Muted: 10017,
  TooFast: 10023,
  SignatureExpired: 70001,
  BlockedWords: 80001,
  TooLong: 80002,
} as const;
