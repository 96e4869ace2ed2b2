import { type Accessor, batch, createSignal } from "solid-js";
import type {
  AnnouncementView,
  ChatRow,
  DanmakuCounters,
  DrawsView,
  GiftBannerView,
  LikesView,
  LiveStatusView,
  ProductView,
  RoomEvent,
  RoomView,
  SessionView,
  SpeechView,
} from "../host/host";
import { type ChatLog, createChatLog } from "./chat";
import { type Frame, Inbox, type InboxTiming } from "./inbox";

/** What flies is drawn, not listed, so it passes through instead of becoming state. */
export interface FrameListener {
  danmaku?(frame: Pick<Frame, "entering" | "folded" | "leaving" | "undrawn">): void;
  chat?(fresh: ChatRow[]): void;
  refused?(own: ChatRow[]): void;
  unseen?(own: ChatRow[]): void;
  removed?(keys: ReadonlySet<string>): void;
  /** How many likes came. */
  likes?(burst: number): void;
}

export interface RoomState {
  session: Accessor<SessionView>;
  room: Accessor<RoomView | undefined>;
  /** Undefined until the room has counted. */
  online: Accessor<number | undefined>;
  product: Accessor<ProductView | undefined>;
  dismissed: Accessor<boolean>;
  /** Whether the host is on, as far as the room tells. */
  liveStatus: Accessor<LiveStatusView>;
  likes: Accessor<LikesView>;
  /** Those that are shown now. */
  giftBanners: Accessor<GiftBannerView[]>;
  /** Lucky draws that are open, and what came out of the last ones. */
  draws: Accessor<DrawsView>;
  /** What everybody in all rooms was told, the newest last. */
  broadcasts: Accessor<AnnouncementView[]>;
  /** Whether the reader may speak; times in it count from the moment it was told. */
  speech: Accessor<SpeechView>;
  /** Messages that nobody will bring any more. */
  missed: Accessor<number>;
  counters: Accessor<DanmakuCounters>;
  chat: ChatLog;
  receive(events: RoomEvent[]): void;
  listen(listener: FrameListener): () => void;
}

const NO_COUNTERS: DanmakuCounters = {
  shown: 0,
  folded: 0,
  queue_full: 0,
  expired: 0,
  hidden: 0,
  no_lane: 0,
  recalled: 0,
  waiting: 0,
};

const NO_LIKES: LikesView = { total: 0, counted: false, unconfirmed: 0 };

const NO_DRAWS: DrawsView = { open: [], results: [] };

export const browserTiming: InboxTiming = {
  now: () => performance.now(),
  requestFrame: (run) => void requestAnimationFrame(run),
};

export function createRoomState(timing: InboxTiming = browserTiming): RoomState {
  const [session, setSession] = createSignal<SessionView>({ state: "connecting" });
  const [room, setRoom] = createSignal<RoomView>();
  const [online, setOnline] = createSignal<number>();
  const [product, setProduct] = createSignal<ProductView>();
  const [dismissed, setDismissed] = createSignal(false);
  const [liveStatus, setLiveStatus] = createSignal<LiveStatusView>("unknown");
  const [likes, setLikes] = createSignal(NO_LIKES);
  const [giftBanners, setGiftBanners] = createSignal<GiftBannerView[]>([]);
  const [draws, setDraws] = createSignal(NO_DRAWS);
  const [broadcasts, setBroadcasts] = createSignal<AnnouncementView[]>([]);
  const [speech, setSpeech] = createSignal<SpeechView>({ state: "free" });
  const [missed, setMissed] = createSignal(0);
  const [counters, setCounters] = createSignal(NO_COUNTERS);
  const chat = createChatLog();
  const listeners = new Set<FrameListener>();

  const applyLatest = (event: RoomEvent): void => {
    switch (event.type) {
      case "session":
        setSession(event.session);
        break;
      case "room":
        setRoom(event.room);
        setDismissed(false);
        break;
      case "dismissed":
        setDismissed(true);
        setProduct(undefined);
        break;
      case "online":
        setOnline(event.count);
        break;
      case "product":
        setProduct(event.product);
        break;
      case "product_cleared":
        setProduct(undefined);
        break;
      case "live_status":
        setLiveStatus(event.status);
        break;
      case "likes":
        setLikes(event.likes);
        break;
      case "gift_banners":
        setGiftBanners(event.banners);
        break;
      case "draws":
        setDraws(event.draws);
        break;
      case "announcements":
        setBroadcasts(event.broadcasts);
        break;
      case "speech":
        setSpeech(event.speech);
        break;
      case "missed":
        setMissed(event.count);
        break;
      case "danmaku_counters":
        setCounters(event.counters);
        break;
    }
  };

  const applyFrame = (frame: Frame): void => {
    batch(() => {
      for (const event of frame.latest) applyLatest(event);
      const { fresh, refused, unseen } = chat.apply(frame);
      for (const listener of listeners) {
        if (fresh.length > 0) listener.chat?.(fresh);
        if (refused.length > 0) listener.refused?.(refused);
        if (unseen.length > 0) listener.unseen?.(unseen);
        if (frame.removed.size > 0) listener.removed?.(frame.removed);
        if (frame.burst > 0) listener.likes?.(frame.burst);
        listener.danmaku?.(frame);
      }
    });
  };

  const inbox = new Inbox(timing, applyFrame);

  return {
    session,
    room,
    online,
    product,
    dismissed,
    liveStatus,
    likes,
    giftBanners,
    draws,
    broadcasts,
    speech,
    missed,
    counters,
    chat,
    receive: (events) => inbox.receive(events),
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
