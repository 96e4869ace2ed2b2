import { readFileSync } from "node:fs";
import solid from "vite-plugin-solid";
import { defineConfig } from "vitest/config";

// The policy the desktop shell applies, read from its settings. `vite preview` sends it too, so a
// violation shows up in a plain browser before it shows up in the window.
const shell = JSON.parse(
  readFileSync(new URL("../src-tauri/tauri.conf.json", import.meta.url), "utf8"),
) as { app: { security: { csp: Record<string, string> } } };
const contentSecurityPolicy = Object.entries(shell.app.security.csp)
  .map(([directive, sources]) => `${directive} ${sources}`)
  .join("; ");

export default defineConfig({
  plugins: [solid()],
  build: {
    target: "safari16",
    // The only chunk that is loaded later does not need a preload, and the polyfill is dead weight.
    modulePreload: { polyfill: false },
  },
  preview: { headers: { "Content-Security-Policy": contentSecurityPolicy } },
  test: {
    environment: "jsdom",
    include: ["test/**/*.test.{ts,tsx}"],
    setupFiles: ["test/setup.ts"],
    restoreMocks: true,
  },
});
