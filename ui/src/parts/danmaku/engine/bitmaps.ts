import type { FlyingComment } from "../../../host/host";
import type { Measure } from "./flight";

export interface DanmakuInk {
  family: string;
  weight: string;
  text: string;
  outline: string;
  accent: string;
  pill: string;
}

/** A longer comment would race over the stage unread; the chat has all of it. */
const LONGEST = 60;
const ELLIPSIS = "…";
/** Together the kept bitmaps may always hold this many device pixels: 24 MB. */
const PIXELS_KEPT = 6_000_000;
/**
 * On a large stage they may hold this many times its pixels. Comments do not overlap, so what flies
 * fits; with less, every frame would evict and draw again what the next one needs.
 */
const STAGES_KEPT = 2;
const WIDTHS_KEPT = 2000;

const OUTLINE = 0.09;
const COUNT_SPACE = 0.25;
const PILL_SPACE = 0.6;
const PILL_HEIGHT = 1.3;
const UNDERLINE = 0.07;
const UNDERLINE_AT = 0.58;

type Style = "plain" | "own" | "high";

interface Look {
  text: string;
  style: Style;
  key: string;
}

function styleOf(comment: FlyingComment): Style {
  if (comment.own) return "own";
  return comment.priority === "High" ? "high" : "plain";
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** One line, of bounded length, cut between characters and never inside one. */
export function flyingText(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  if (line.length <= LONGEST) return line;
  let kept = "";
  let length = 0;
  for (const { segment } of graphemes.segment(line)) {
    if (length++ === LONGEST) return kept + ELLIPSIS;
    kept += segment;
  }
  return kept;
}

/** Draws each text once and keeps it, so that a frame only copies ready pictures. */
export class Bitmaps implements Measure {
  readonly #ink: DanmakuInk;
  readonly #probe: CanvasRenderingContext2D | null;
  #fontSize = 0;
  #height = 0;
  #ratio = 1;
  #pixels = 0;
  #pixelsKept = PIXELS_KEPT;
  /** What a comment looks like does not change in flight, so it is worked out once for each. */
  #looks = new WeakMap<FlyingComment, Look>();
  #drawn = new Map<string, HTMLCanvasElement>();
  #widths = new Map<string, number>();

  constructor(ink: DanmakuInk) {
    this.#ink = ink;
    this.#probe = document.createElement("canvas").getContext("2d");
  }

  /** Sizes in CSS pixels, `ratio` device pixels to each; `onScreen` is the stage in the latter. */
  setSize(fontSize: number, height: number, ratio: number, onScreen = 0): void {
    this.#pixelsKept = Math.max(PIXELS_KEPT, STAGES_KEPT * onScreen);
    if (fontSize === this.#fontSize && height === this.#height && ratio === this.#ratio) return;
    this.#fontSize = fontSize;
    this.#height = height;
    this.#ratio = ratio;
    this.#pixels = 0;
    this.#drawn.clear();
    this.#widths.clear();
  }

  text(comment: FlyingComment): number {
    const { text, style } = this.#look(comment);
    const sides = style === "high" ? PILL_SPACE : OUTLINE;
    return Math.ceil(this.#width(text, 1) + 2 * sides * this.#fontSize);
  }

  count(count: number, scale: number): number {
    if (scale <= 0) return 0;
    const space = (COUNT_SPACE + OUTLINE) * this.#fontSize;
    return Math.ceil(this.#width(`×${count}`, scale) + space);
  }

  textBitmap(comment: FlyingComment): HTMLCanvasElement {
    const { text, style, key } = this.#look(comment);
    const measure = () => this.text(comment);
    return this.#bitmap(key, measure, (context, width) => {
      const { accent, pill } = this.#ink;
      const size = this.#fontSize;
      const middle = this.#height / 2;
      if (style === "high") {
        const high = PILL_HEIGHT * size;
        context.fillStyle = pill;
        context.beginPath();
        context.roundRect(0, middle - high / 2, width, high, high / 2);
        context.fill();
      }
      this.#write(context, text, (style === "high" ? PILL_SPACE : OUTLINE) * size, 1);
      if (style === "own") {
        context.fillStyle = accent;
        context.fillRect(0, middle + UNDERLINE_AT * size, width, Math.max(1, UNDERLINE * size));
      }
    });
  }

  countBitmap(count: number, scale: number): HTMLCanvasElement {
    const key = `count ${count} ${scale.toFixed(1)}`;
    const measure = () => this.count(count, scale);
    return this.#bitmap(key, measure, (context) => {
      this.#write(context, `×${count}`, COUNT_SPACE * this.#fontSize, scale, this.#ink.accent);
    });
  }

  #look(comment: FlyingComment): Look {
    const known = this.#looks.get(comment);
    if (known) return known;
    const text = flyingText(comment.text);
    const style = styleOf(comment);
    const look = { text, style, key: `${style} ${text}` };
    this.#looks.set(comment, look);
    return look;
  }

  #font(scale: number): string {
    return `${this.#ink.weight} ${this.#fontSize * scale}px ${this.#ink.family}`;
  }

  #width(text: string, scale: number): number {
    const key = `${scale.toFixed(1)} ${text}`;
    const known = this.#widths.get(key);
    if (known !== undefined) return known;
    if (!this.#probe) return 0;
    this.#probe.font = this.#font(scale);
    const { width } = this.#probe.measureText(text);
    if (this.#widths.size >= WIDTHS_KEPT) this.#widths.clear();
    this.#widths.set(key, width);
    return width;
  }

  #write(
    context: CanvasRenderingContext2D,
    text: string,
    x: number,
    scale: number,
    fill = this.#ink.text,
  ): void {
    context.font = this.#font(scale);
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = 2 * OUTLINE * this.#fontSize;
    context.strokeStyle = this.#ink.outline;
    context.strokeText(text, x, this.#height / 2);
    context.fillStyle = fill;
    context.fillText(text, x, this.#height / 2);
  }

  #bitmap(
    key: string,
    measure: () => number,
    draw: (context: CanvasRenderingContext2D, width: number) => void,
  ): HTMLCanvasElement {
    const known = this.#drawn.get(key);
    if (known) {
      // Moved to the end: the map is ordered by last use.
      this.#drawn.delete(key);
      this.#drawn.set(key, known);
      return known;
    }
    const width = measure();
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.ceil(width * this.#ratio));
    canvas.height = Math.max(1, Math.ceil(this.#height * this.#ratio));
    const context = canvas.getContext("2d");
    if (context) {
      context.scale(this.#ratio, this.#ratio);
      draw(context, width);
    }
    this.#drawn.set(key, canvas);
    this.#pixels += canvas.width * canvas.height;
    this.#evict(key);
    return canvas;
  }

  #evict(newest: string): void {
    for (const [key, canvas] of this.#drawn) {
      if (this.#pixels <= this.#pixelsKept || key === newest) return;
      this.#drawn.delete(key);
      this.#pixels -= canvas.width * canvas.height;
    }
  }
}
