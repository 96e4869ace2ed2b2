import {
  batch,
  createEffect,
  createMemo,
  createSignal,
  For,
  type JSX,
  on,
  onCleanup,
  onMount,
  Show,
} from "solid-js";
import { Icon } from "../../design/Icon";
import { useWords } from "../../i18n/context";
import type { ChatEntry } from "../../room/chat";
import { ROWS_KEPT } from "../../room/chat";
import { useLiveroom } from "../../room/context";
import { ChatRowView } from "./ChatRowView";
import { RowHeights, windowFromBottom } from "./virtual";

/** Closer to the bottom than this the reader is taken to be at it. */
const AT_BOTTOM = 24;
/** Rendered beyond each edge, so that scrolling finds rows already there. */
const MARGIN = 240;
/** Until the list has been measured. */
const FIRST_HEIGHT = 800;

/**
 * The scroller is laid out from the bottom (column-reverse), so the newest row stays in view without
 * a measurement, and a wrong guess about rows above moves nothing. A reader who scrolls up gets the
 * list as it was at that moment: what arrives meanwhile is counted and waits at the bottom.
 */
export function ChatList(): JSX.Element {
  const { room } = useLiveroom();
  const words = useWords();
  const { chat } = room;
  const [held, setHeld] = createSignal<{ entries: readonly ChatEntry[]; appended: number }>();
  const [offset, setOffset] = createSignal(0);
  const [height, setHeight] = createSignal(FIRST_HEIGHT);
  const [measured, setMeasured] = createSignal(0);
  const heights = new RowHeights();
  const keys = new WeakMap<Element, string>();
  const elements = new Map<string, HTMLElement>();
  let scroller!: HTMLDivElement;
  let width = 0;

  const shown = () => held()?.entries ?? chat.entries();
  const unseen = () => chat.appended() - (held()?.appended ?? chat.appended());
  const view = createMemo(() => {
    measured();
    const entries = shown();
    const rows = windowFromBottom(
      entries.length,
      (index) => heights.get(entries[index]?.key ?? ""),
      { offset: offset(), height: height(), margin: MARGIN },
    );
    return { ...rows, entries: entries.slice(rows.start, rows.end) };
  });

  const release = () => {
    setHeld(undefined);
    setOffset(0);
    scroller.scrollTop = 0;
  };
  const followScroll = () => {
    // Laid out from the bottom, the scroll position is zero there and negative above.
    const distance = Math.max(0, -scroller.scrollTop);
    setOffset(distance);
    if (distance <= AT_BOTTOM) {
      if (held()) release();
      return;
    }
    if (!held()) setHeld({ entries: chat.entries(), appended: chat.appended() });
    measureUnknown();
  };

  const measure = (changes: ResizeObserverEntry[]) => {
    const found = new Map<string, number>();
    for (const { target, borderBoxSize, contentRect } of changes) {
      if (target === scroller) {
        setHeight(contentRect.height);
        // Another width breaks the lines elsewhere: what is not in the document is guessed anew.
        if (width !== 0 && contentRect.width !== width) heights.keepOnly([]);
        width = contentRect.width;
        continue;
      }
      const key = keys.get(target);
      const size = borderBoxSize[0]?.blockSize;
      if (key !== undefined && size) found.set(key, size);
    }
    learn(found);
  };

  /** Takes in the real heights of rows and keeps the place of a reader who has scrolled up. */
  const learn = (found: Map<string, number>) => {
    // The row at the lower edge of the visible part; what changes beneath it must not move it.
    const entries = shown();
    const heightAt = (index: number) => heights.get(entries[index]?.key ?? "");
    let anchor = view().end - 1;
    let before = view().below;
    while (anchor > view().start && before + heightAt(anchor) <= offset()) {
      before += heightAt(anchor--);
    }
    let changed = false;
    for (const [key, size] of found) changed = heights.set(key, size) || changed;
    if (!changed) return;
    if (heights.size > 2 * ROWS_KEPT) heights.keepOnly(entries.map((entry) => entry.key));
    let after = 0;
    for (let index = anchor + 1; index < entries.length; index++) after += heightAt(index);
    const shift = held() ? after - before : 0;
    batch(() => {
      setMeasured((count) => count + 1);
      setOffset((distance) => distance + shift);
    });
    if (shift !== 0) scroller.scrollTop -= shift;
  };

  /**
   * A row that scrolling brings in for the first time is measured before it is painted: the observer
   * would come a frame late, and a row below the visible part would move it for that frame.
   */
  const measureUnknown = () => {
    const found = new Map<string, number>();
    for (const { key } of view().entries) {
      if (heights.has(key)) continue;
      const size = elements.get(key)?.getBoundingClientRect().height;
      if (size) found.set(key, size);
    }
    if (found.size > 0) learn(found);
  };

  const observer = new ResizeObserver(measure);
  const observe = (key: string) => (element: HTMLElement) => {
    keys.set(element, key);
    elements.set(key, element);
    observer.observe(element);
    return () => {
      elements.delete(key);
      observer.unobserve(element);
    };
  };

  onMount(() => {
    observer.observe(scroller);
    onCleanup(() => observer.disconnect());
    // The reader who has just said something wants to see it.
    onCleanup(
      room.listen({
        chat: (fresh) => {
          if (held() && fresh.some((row) => row.own)) release();
        },
        removed: (keys) => {
          const kept = held();
          if (!kept) return;
          setHeld({ ...kept, entries: kept.entries.filter((entry) => !keys.has(entry.key)) });
        },
      }),
    );
    createEffect(on(chat.resets, release, { defer: true }));
  });

  return (
    <div class="chat-list">
      <div
        ref={scroller}
        class="chat-scroller"
        data-testid="chat-list"
        data-held={held() !== undefined}
        role="log"
        aria-live="off"
        aria-label={words().chat}
        tabindex="0"
        onScroll={followScroll}
      >
        <div class="chat-rows">
          <div style={{ height: `${view().above}px` }} />
          <For each={view().entries}>
            {(entry) => <ChatRowView entry={entry} observe={observe(entry.key)} />}
          </For>
          <div style={{ height: `${view().below}px` }} />
        </div>
      </div>
      <Show when={shown().length === 0}>
        <p class="chat-empty">{words().chatEmpty}</p>
      </Show>
      <Show when={unseen() > 0}>
        <button type="button" class="new-messages" data-testid="new-messages" onClick={release}>
          <span class="figures">{words().newMessages(unseen())}</span>
          <Icon name="down" />
        </button>
      </Show>
    </div>
  );
}
