import { beforeEach, describe, expect, it, vi } from "vitest";
import type { RoomEvent, ShopView } from "../src/host/host";
import { createTauriHost } from "../src/host/tauri";

type Invoke = (command: string, args: Record<string, unknown>) => Promise<unknown>;

describe("the desktop host", () => {
  const invoke = vi.fn<Invoke>();
  let deliver: (message: unknown) => void;
  beforeEach(() => {
    invoke.mockReset().mockResolvedValue(null);
    vi.stubGlobal("__TAURI_INTERNALS__", {
      invoke,
      transformCallback: (callback: (message: unknown) => void) => {
        deliver = callback;
        return 1;
      },
      unregisterCallback: () => {},
    });
  });

  it("decodes the batches of the channel, in order", async () => {
    const received: RoomEvent[][] = [];
    await createTauriHost().open((events) => received.push(events));
    expect(invoke.mock.calls[0]?.[0]).toBe("open_room");
    const bytes = (value: RoomEvent[]) => new TextEncoder().encode(JSON.stringify(value)).buffer;
    deliver({ index: 0, message: bytes([{ type: "online", count: 3 }]) });
    deliver({ index: 1, message: bytes([{ type: "product_cleared" }]) });
    expect(received).toEqual([[{ type: "online", count: 3 }], [{ type: "product_cleared" }]]);
  });

  it("passes refusals on, and reports a call that could not be made like one", async () => {
    const host = createTauriHost();
    invoke.mockRejectedValueOnce({ code: 9001, info: "not online" });
    expect(await host.sendComment("hello")).toEqual({
      status: "error",
      error: { code: 9001, info: "not online" },
    });
    invoke.mockRejectedValueOnce(new Error("the bridge is down"));
    expect(await host.reconnect()).toEqual({
      status: "error",
      error: { code: 0, info: "the bridge is down" },
    });
  });

  it("calls every command by its name", async () => {
    const host = createTauriHost();
    await host.retryComment("k");
    await host.setDanmakuBudget({ per_second: 3, burst: 2 });
    await host.setDanmakuVisible(false);
    await host.reportUndrawn([7]);
    await host.serviceStatus();
    await host.stopService();
    await host.startService();
    expect(invoke.mock.calls.map(([command, args]) => [command, args])).toEqual([
      ["retry_comment", { key: "k" }],
      ["set_danmaku_budget", { budget: { per_second: 3, burst: 2 } }],
      ["set_danmaku_visible", { visible: false }],
      ["report_undrawn", { ids: [7] }],
      ["service_status", {}],
      ["stop_service", {}],
      ["start_service", {}],
    ]);
  });

  it("hands on what the shop tells, as it tells it", async () => {
    const received: ShopView[] = [];
    await createTauriHost().openShop((shop) => received.push(shop));
    expect(invoke.mock.calls[0]?.[0]).toBe("open_shop");
    deliver({ index: 0, message: { open: true, balance: 3 } });
    deliver({ index: 1, message: { open: true, balance: 2 } });
    expect(received.map(({ balance }) => balance)).toEqual([3, 2]);
  });

  it("reports a shop that could not be called like one that is away", async () => {
    const host = createTauriHost();
    const error = { code: "balance", info: "too few" };
    invoke.mockRejectedValueOnce(error);
    expect(await host.giveGifts("rose", 10)).toEqual({ status: "error", error });
    invoke.mockRejectedValueOnce(new Error("the bridge is down"));
    expect(await host.products()).toEqual({
      status: "error",
      error: { code: "away", info: "the bridge is down" },
    });
  });

  it("calls every command of the shop by its name", async () => {
    const host = createTauriHost();
    await host.clickGift("rose");
    await host.giveGifts("rose", 10);
    await host.topUp(1000);
    await host.products();
    await host.recommend("cup");
    await host.takeDown();
    await host.follow(true);
    await host.setLiveStatus("paused");
    await host.openHostWindow();
    expect(invoke.mock.calls.map(([command, args]) => [command, args])).toEqual([
      ["click_gift", { gift: "rose" }],
      ["give_gifts", { gift: "rose", count: 10 }],
      ["top_up", { coins: 1000 }],
      ["products", {}],
      ["recommend", { product: "cup" }],
      ["take_down", {}],
      ["follow", { following: true }],
      ["set_live_status", { status: "paused" }],
      ["open_host_window", {}],
    ]);
  });
});
