import solid from "vite-plugin-solid";
import { defineConfig } from "vitest/config";

// The policy the desktop shell applies. `vite preview` sends it too, so a violation shows up in a
// plain browser before it shows up in the window.
const contentSecurityPolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "connect-src 'self' ipc: http://ipc.localhost",
].join("; ");

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
