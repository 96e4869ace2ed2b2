import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const SOURCE = join(import.meta.dirname, "../src");
const css = readFileSync(join(SOURCE, "design/tokens.css"), "utf8").replace(/\/\*.*?\*\//gs, "");

type Colour = [red: number, green: number, blue: number, alpha: number];

function block(selector: string): Map<string, string> {
  const start = css.indexOf(`${selector} {`);
  const body = css.slice(css.indexOf("{", start) + 1, css.indexOf("}", start));
  const found = [...body.matchAll(/(--[\w-]+):\s*([^;]+);/g)];
  return new Map(found.map(([, name, value]) => [name ?? "", (value ?? "").trim()]));
}

const dark = block(":root");
const THEMES = {
  dark,
  light: new Map([...dark, ...block(':root[data-theme="light"]')]),
};

function colour(tokens: Map<string, string>, name: string): Colour {
  const hex = /^#([0-9a-f]{6})([0-9a-f]{2})?$/.exec(tokens.get(name) ?? "");
  if (!hex?.[1]) throw new Error(`${name} is not a colour: ${tokens.get(name)}`);
  const channel = (at: number) => Number.parseInt(hex[1]?.slice(at, at + 2) ?? "", 16);
  return [channel(0), channel(2), channel(4), hex[2] ? Number.parseInt(hex[2], 16) / 255 : 1];
}

function over(top: Colour, bottom: Colour): Colour {
  const mix = (at: 0 | 1 | 2) => top[at] * top[3] + bottom[at] * (1 - top[3]);
  return [mix(0), mix(1), mix(2), 1];
}

function luminance([red, green, blue]: Colour): number {
  const [r, g, b] = [red, green, blue].map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: Colour, other: Colour): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const SURFACES = ["--bg", "--raised", "--hover"];
const TEXTS = ["--text", "--muted", "--accent-text", "--info", "--good", "--warn", "--danger"];
const HUES = Array.from({ length: 12 }, (_, index) => `--hue-${index}`);
const ON_GLASS = ["--text", "--muted", "--accent-text", "--warn"];
const BLACK: Colour = [0, 0, 0, 1];
const WHITE: Colour = [255, 255, 255, 1];

describe.each(Object.entries(THEMES))("the %s theme", (_, tokens) => {
  it.each([...TEXTS, ...HUES])("has %s legible on every surface", (name) => {
    for (const surface of SURFACES) {
      const ratio = contrast(colour(tokens, name), colour(tokens, surface));
      expect(ratio, `${name} on ${surface}`).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("has the text on its fill legible", () => {
    const ratio = contrast(colour(tokens, "--on-accent"), colour(tokens, "--accent"));
    expect(ratio).toBeGreaterThanOrEqual(4.5);
  });

  it.each(ON_GLASS)(
    "has %s legible on glass over the brightest and the darkest picture",
    (name) => {
      for (const picture of [BLACK, WHITE]) {
        const glass = over(colour(tokens, "--glass"), picture);
        expect(contrast(colour(tokens, name), glass)).toBeGreaterThanOrEqual(4.5);
      }
    },
  );

  it("has the ticker legible over any picture", () => {
    for (const picture of [BLACK, WHITE]) {
      const chip = over(colour(tokens, "--stage-chip"), picture);
      for (const name of ["--on-stage", "--danmaku-accent"]) {
        expect(contrast(colour(tokens, name), chip)).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it("tells its twelve hues apart", () => {
    expect(new Set(HUES.map((name) => tokens.get(name))).size).toBe(12);
  });
});

describe("design tokens", () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" });

  it("are the only place that names a colour, a size or a time", () => {
    const sheets = files.filter((name) => name.endsWith(".css") && !name.endsWith("tokens.css"));
    expect(sheets.length).toBeGreaterThan(5);
    for (const name of sheets) {
      const sheet = readFileSync(join(SOURCE, name), "utf8").replace(/\/\*.*?\*\//gs, "");
      expect(sheet, name).not.toMatch(/#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(/i);
      expect(sheet, name).not.toMatch(/\d(px|rem|em|ms|s)\b/);
    }
  });

  it("all exist where they are used", () => {
    const local = new Set(["--panel-width", "--controls", "--thumb", "--drift"]);
    for (const name of files.filter((file) => /\.(css|tsx?)$/.test(file))) {
      const text = readFileSync(join(SOURCE, name), "utf8");
      for (const [, used] of text.matchAll(/(?:var\(|token(?:Number|Time)?\(")(--[\w-]+)/g)) {
        if (used && !local.has(used)) expect(dark.has(used), `${used} in ${name}`).toBe(true);
      }
    }
  });

  it("are all used", () => {
    const all = files
      .filter((name) => /\.(css|tsx?)$/.test(name))
      .map((name) => readFileSync(join(SOURCE, name), "utf8"))
      .join("\n");
    for (const name of dark.keys()) {
      const uses = all.match(new RegExp(`(\\(|\\(")${name}(?![\\w-])`, "g"));
      expect(uses, name).not.toBeNull();
    }
  });
});
