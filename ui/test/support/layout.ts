/** Stands in for the layout jsdom does not have: tests say how large an element turned out. */
const observers = new Set<StubResizeObserver>();

export class StubResizeObserver {
  readonly watched = new Set<Element>();
  readonly #notify: ResizeObserverCallback;

  constructor(notify: ResizeObserverCallback) {
    this.#notify = notify;
    observers.add(this);
  }

  observe(element: Element): void {
    this.watched.add(element);
  }

  unobserve(element: Element): void {
    this.watched.delete(element);
  }

  disconnect(): void {
    this.watched.clear();
    observers.delete(this);
  }

  tell(element: Element, width: number, height: number): void {
    const entry = {
      target: element,
      contentRect: { width, height },
      borderBoxSize: [{ blockSize: height, inlineSize: width }],
    };
    this.#notify([entry as unknown as ResizeObserverEntry], this as unknown as ResizeObserver);
  }
}

export function resetLayout(): void {
  observers.clear();
}

export function layOut(element: Element, width: number, height: number): void {
  for (const observer of observers) {
    if (observer.watched.has(element)) observer.tell(element, width, height);
  }
}
