import { beforeEach, describe, expect, it, vi } from "vitest";
import type { CommandError, PageAnswer, PageBatch, Reads } from "../src/host/host";
import { createTauriHost } from "../src/host/tauri";

type Invoke = (command: string, args: Record<string, unknown>) => Promise<unknown>;

describe("the desktop host", () => {
  const invoke = vi.fn<Invoke>();
  beforeEach(() => {
    invoke.mockReset().mockResolvedValue(null);
    vi.stubGlobal("__TAURI_INTERNALS__", {
      invoke,
    });
  });

  it("asks for a batch, and for the next one when the page says so", async () => {
    const bytes = (batch: Partial<PageBatch>) =>
      new TextEncoder().encode(JSON.stringify({ ended: false, events: [], shop: [], ...batch }))
        .buffer;
    const batches = [
      bytes({ events: [{ type: "online", count: 3 }] }),
      bytes({ events: [{ type: "missed", count: 1 }] }),
      bytes({ ended: true }),
    ];
    invoke.mockImplementation(async (command) => (command === "open_room" ? 7 : batches.shift()));
    const received: PageBatch[] = [];
    const asks: ((answer: PageAnswer) => void)[] = [];
    const reads: Reads = { events: ["online", "missed"], shop: false };
    const ends: CommandError[] = [];
    await createTauriHost().open(
      reads,
      (batch, ask) => {
        received.push(batch);
        asks.push(ask);
      },
      (error) => void ends.push(error),
    );
    expect(invoke.mock.calls[0]).toEqual(["open_room", { reads }, undefined]);
    await vi.waitFor(() => expect(received).toHaveLength(1));
    const asked = () => invoke.mock.calls.filter(([command]) => command === "next_batch");
    expect(asked(), "nothing is asked for before the page has shown it").toHaveLength(1);
    asks[0]?.({ undrawn: [4] });
    await vi.waitFor(() => expect(received).toHaveLength(2));
    expect(asked()[1]?.[1]).toEqual({ opening: 7, answer: { undrawn: [4] } });
    asks[1]?.({ undrawn: [] });
    await vi.waitFor(() => expect(batches).toHaveLength(0));
    await vi.waitFor(() => expect(ends.map(({ code }) => code)).toEqual([9001]));
    expect(received.map(({ events }) => events)).toEqual([
      [{ type: "online", count: 3 }],
      [{ type: "missed", count: 1 }],
    ]);
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
    await host.serviceStatus();
    await host.stopService();
    await host.startService();
    expect(invoke.mock.calls.map(([command, args]) => [command, args])).toEqual([
      ["retry_comment", { key: "k" }],
      ["set_danmaku_budget", { budget: { per_second: 3, burst: 2 } }],
      ["set_danmaku_visible", { visible: false }],
      ["service_status", {}],
      ["stop_service", {}],
      ["start_service", {}],
    ]);
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
