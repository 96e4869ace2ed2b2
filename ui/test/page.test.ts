import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const html = readFileSync(join(import.meta.dirname, "../index.html"), "utf8");

describe("the page", () => {
  const page = new DOMParser().parseFromString(html, "text/html");

  it("has a name and a language before anything has run", () => {
    expect(page.title).toBe("Liveroom");
    expect(page.documentElement.lang).toBe("en");
  });

  it("holds no script and no style of its own, as the content policy demands", () => {
    expect(page.querySelectorAll("style, [style]")).toHaveLength(0);
    const scripts = [...page.querySelectorAll("script")];
    expect(scripts).toHaveLength(1);
    expect(scripts[0]?.textContent).toBe("");
    for (const { attributes } of page.querySelectorAll("*")) {
      for (const { name } of attributes) expect(name).not.toMatch(/^on/);
    }
  });
});
