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

const CONFIGURATION = new URL("../../../deno.json", import.meta.url);

/** Returns the version of a package of the npm registry in deno.json. */
export function versionOf(name: string): string {
  const { imports } = JSON.parse(readFileSync(CONFIGURATION, "utf8"));
  return imports[name].replace(`npm:${name}@`, "");
}

/**
 * Loads a package in the version of deno.json, with `load` where that finds it.
 * Bun's test runner installs nothing by itself, so the package is installed in a
 * folder that is removed once the code is loaded.
 */
export async function loadPackage<T>(
  name: string,
  load: () => Promise<T>,
): Promise<T> {
  if ("Deno" in globalThis) return await load();
  const made = mkdtempSync(join(tmpdir(), "mapped-ram-package-"));
  try {
    const folder = realpathSync(made);
    const description = join(folder, "package.json");
    const dependencies = { [name]: versionOf(name) };
    writeFileSync(description, JSON.stringify({ dependencies }));
    execFileSync(process.execPath, ["install", "--silent", "--cwd", folder]);
    const path = createRequire(description).resolve(name);
    return await import(pathToFileURL(path).href);
  } finally {
    rmSync(made, { recursive: true });
  }
}
