import { defineConfig } from "vite";
import { publish } from "./build/publish.ts";

export default defineConfig({
  base: "/",
  publicDir: false,
  plugins: [publish()],
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
