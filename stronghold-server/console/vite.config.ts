import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { integrityOf, publish, WORKER_INTEGRITY } from "./build/publish.ts";

const module = fileURLToPath(import.meta.resolve("stronghold-wasm/stronghold_wasm_bg.wasm"));

export default defineConfig({
  // Relative: the console stands beside the API, under whatever path that is.
  base: "./",
  publicDir: false,
  plugins: [publish()],
  // The worker takes no other module than the one that it was built with, and the page no other worker, whose hash is known last.
  define: { WASM_INTEGRITY: JSON.stringify(integrityOf(readFileSync(module))), WORKER_INTEGRITY: JSON.stringify(WORKER_INTEGRITY) },
  worker: {
    format: "es",
    rolldownOptions: { output: { entryFileNames: "assets/[name]-[hash].js" } },
  },
  build: {
    target: "es2022",
    // light-dark() and nesting stay as they are: browsers that run the wasm know them.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: false,
        entryFileNames: "assets/app-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
});
