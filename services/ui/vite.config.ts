import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// In development the pages come from Vite and everything under /api from a Watchkeeper that runs beside it.
const api = process.env.WK_UI_API ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2023",
    // The policy of the pages allows no data: addresses, so nothing is inlined.
    assetsInlineLimit: 0,
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    manifest: true,
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": { target: api, changeOrigin: false } } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
