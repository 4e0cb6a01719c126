/**
 * Proves that imports go one way: format ← reference ← mod.ts ← conformance,
 * with the command line beside, and that mod.ts reaches nothing but its own
 * files.
 *
 * ```sh
 * deno run --allow-read .ci/check_imports.ts
 * ```
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import process from "node:process";

/** An import statement: the file it stands in and what it names. */
interface Import {
  readonly from: string;
  readonly specifier: string;
  /** Whether it is erased before anything runs. */
  readonly typeOnly: boolean;
}

const IMPORT =
  /^\s*(?:import|export)\s+(type\s+)?(?:[^;"']*?\sfrom\s+)?["']([^"']+)["']/gm;

/** Imports of a TypeScript file. Comments, where examples stand, do not count. */
export function importsOf(file: string, text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(
    /^\s*\/\/.*$/gm,
    "",
  );
  return [...code.matchAll(IMPORT)].map(([, type, specifier]) => ({
    from: file,
    specifier,
    typeOnly: type !== undefined,
  }));
}

/** Why an import is not allowed; undefined if it is. */
export function violation(
  { from, specifier, typeOnly }: Import,
): string | undefined {
  const room = roomOf(from);
  const isTest = /_test\.ts$|\/testing\//.test(from);
  if (!specifier.startsWith(".")) {
    const builtin = specifier.startsWith("node:");
    const core = room === "format" || room === "reference" || room === "mod.ts";
    if (isTest || (builtin && (!core || typeOnly))) return undefined;
    return `${from}: "${specifier}" is not a file of the project`;
  }
  const to = normalize(join(dirname(from), specifier)).replaceAll("\\", "/");
  const target = roomOf(to);
  if (room === target || isTest && room !== "conformance") return undefined;
  const allowed: Readonly<Record<string, readonly string[]>> = {
    "format": [],
    "reference": ["format/mod.ts"],
    "cli": ["format/mod.ts", "reference/mod.ts"],
    "mod.ts": ["format/mod.ts", "reference/mod.ts"],
    "conformance": ["mod.ts", "reference/cli/main.ts"],
    ".ci": [],
  };
  if ((allowed[room] ?? []).includes(to)) return undefined;
  return `${from}: ${room} must not import ${to}`;
}

function roomOf(file: string): string {
  if (file.startsWith("reference/cli/")) return "cli";
  return file.split("/")[0];
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name).replaceAll("\\", "/");
    if (entry.isDirectory()) {
      return entry.name === "node_modules" || entry.name === ".git"
        ? []
        : sourceFiles(path);
    }
    return path.endsWith(".ts") ? [path] : [];
  });
}

if (import.meta.main) {
  const files = sourceFiles(".");
  const imports = files.flatMap((file) =>
    importsOf(file, readFileSync(file, "utf8"))
  );
  const violations = imports.map(violation).filter((it) => it !== undefined);
  for (const line of violations) console.error(line);
  console.log(`${imports.length} imports in ${files.length} files`);
  if (violations.length > 0 || imports.length === 0) process.exitCode = 1;
}
