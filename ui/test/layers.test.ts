import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

const SOURCE = join(import.meta.dirname, "../src");

/** From the bottom up: a folder knows those that stand before it, and none that stand behind it. */
const LAYERS = ["i18n", "design", "settings", "host", "room", "parts", "pages", "app"];
/** What stands in one of these beside the others does not know them. */
const SEPARATE = ["parts", "pages"];

/** The layer of a file or folder of the source, and what it belongs to there. */
function place(path: string): { layer: string; unit: string } {
  const [layer = "", unit = ""] = path.split("/");
  return { layer, unit };
}

/** Why a file may not import what it does, or undefined. */
function trespass(from: string, imported: string): string | undefined {
  if (imported.startsWith("@tauri-apps/")) {
    return from === "host/tauri.ts" ? undefined : `${from} imports Tauri`;
  }
  if (!imported.startsWith(".")) return undefined;
  const target = normalize(join(dirname(from), imported));
  const [here, there] = [place(from), place(target)];
  if (target === "bindings") {
    return here.layer === "host" ? undefined : `${from} imports the bindings past the host`;
  }
  if (from === "main.tsx") return undefined;
  const [below, above] = [LAYERS.indexOf(there.layer), LAYERS.indexOf(here.layer)];
  if (below < 0) return `${from} imports ${target}, which belongs to no layer`;
  if (below > above) return `${from} imports ${target}, which stands above it`;
  if (below === above && SEPARATE.includes(here.layer) && here.unit !== there.unit) {
    return `${from} imports ${target}, which stands beside it`;
  }
  return undefined;
}

function importsOf(text: string): string[] {
  const found = text.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g);
  return [...found].map(([, imported]) => imported ?? "");
}

describe("the folders of the source", () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /\.tsx?$/.test(name) && name !== "bindings.ts");

  it("are the layers, and each file stands in one of them", () => {
    const outside = files.filter((name) => !LAYERS.includes(place(name).layer));
    expect(outside).toEqual(["main.tsx"]);
  });

  it("know only what stands below them", () => {
    const imports = files.map((name) => ({
      name,
      of: importsOf(readFileSync(join(SOURCE, name), "utf8")),
    }));
    expect(imports.flatMap(({ of }) => of).length).toBeGreaterThan(300);
    const wrong = imports.flatMap(({ name, of }) => of.map((each) => trespass(name, each)));
    expect(wrong.filter((why) => why !== undefined)).toEqual([]);
  });

  it("are told apart: each kind of arrow that runs back is found", () => {
    const wrong = [
      ["parts/chat/ChatList.tsx", "../../pages/viewer/actions"],
      ["parts/chat/ChatList.tsx", "../../app/App"],
      ["parts/chat/ChatList.tsx", "../gifts/picture"],
      ["room/room.ts", "../parts/draws/draws"],
      ["design/Fact.tsx", "../host/host"],
      ["i18n/en.ts", "../design/hue"],
      ["pages/viewer/Viewer.tsx", "../lobby/Lobby"],
      ["parts/danmaku/engine/flight.ts", "../../../state/room"],
      ["room/room.ts", "../bindings"],
      ["room/room.ts", "@tauri-apps/api/core"],
    ] as const;
    for (const [from, imported] of wrong) expect(trespass(from, imported), imported).toBeDefined();
    const right = [
      ["parts/danmaku/engine/flight.ts", "../ticker"],
      ["parts/chat/ChatList.tsx", "../../room/context"],
      ["pages/viewer/Viewer.tsx", "../../parts/chat/ChatPanel"],
      ["host/host.ts", "../bindings"],
      ["main.tsx", "./app/App"],
    ] as const;
    for (const [from, imported] of right)
      expect(trespass(from, imported), imported).toBeUndefined();
    expect(importsOf('import a from "./a";\nimport "./b.css";\nawait import("./c");')).toEqual([
      "./a",
      "./b.css",
      "./c",
    ]);
  });
});
