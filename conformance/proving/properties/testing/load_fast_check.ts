import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

type FastCheck = typeof import("fast-check").default;

const CONFIGURATION = new URL("../../../../deno.json", import.meta.url);

/**
 * Loads fast-check in the version of deno.json. Bun's test runner installs
 * nothing by itself, so fast-check is installed in a folder that is removed
 * once the code is loaded.
 */
export async function loadFastCheck(): Promise<FastCheck> {
  if ("Deno" in globalThis) return (await import("fast-check")).default;
  const { imports } = JSON.parse(readFileSync(CONFIGURATION, "utf8"));
  const version = imports["fast-check"].replace("npm:fast-check@", "");
  const made = mkdtempSync(join(tmpdir(), "mapped-ram-fast-check-"));
  try {
    const folder = realpathSync(made);
    const description = join(folder, "package.json");
    const dependencies = { "fast-check": version };
    writeFileSync(description, JSON.stringify({ dependencies }));
    execFileSync(process.execPath, ["install", "--silent", "--cwd", folder]);
    const path = createRequire(description).resolve("fast-check");
    return (await import(pathToFileURL(path).href)).default;
  } finally {
    rmSync(made, { recursive: true });
  }
}
