import { basename, join } from "node:path";
import { compile, type Files, MINIFIED } from "./compile.ts";
import { CORE_GROUPS } from "./core_modules.ts";
import { ENTRIES, ROOT } from "./project.ts";

/**
 * Loads a command when it is called; without it, Deno loads all of them at the
 * start.
 */
const DENO = { unstable: ["lazy-dynamic-imports"] };

/**
 * Bundles the command line for Deno, Bun and Node: a folder without folders,
 * with `main.js`, and the modules of its threads and processes beside it.
 */
export async function bundle(): Promise<Files> {
  const input = Object.fromEntries(
    ENTRIES.map((it) => [basename(it, ".ts"), join(ROOT, it)]),
  );
  const files = await compile(input, {
    input: { platform: "node" },
    output: {
      chunkFileNames: "[name].js",
      codeSplitting: { groups: CORE_GROUPS },
      minify: MINIFIED,
    },
  });
  files.set("deno.json", `${JSON.stringify(DENO)}\n`);
  return files;
}
