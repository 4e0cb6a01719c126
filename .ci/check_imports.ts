/**
 * Proves that imports go one way, `format ← reference ← mod.ts ← conformance`
 * with the command line beside, each room through the door of the next; that
 * none of them go in circles; and that `mod.ts` reaches nothing but files of the
 * project.
 *
 * ```sh
 * deno run --allow-all .ci/check_imports.ts
 * ```
 *
 * @module
 */

import process from "node:process";
import {
  type Import,
  type ModuleGraph,
  readModuleGraph,
} from "./module_graph.ts";

/** The doors that the files of a room may go through, besides their own room. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  "format": [],
  "reference": [
    "format/mod.ts",
    "format/testing/random_numbers.ts", // of its tests alone
  ],
  "reference/linux": [
    "format/mod.ts",
    "reference/mod.ts",
    "reference/testing/scratch_folder.ts", // of its tests alone
  ],
  "reference/cli": [
    "format/mod.ts",
    "reference/mod.ts",
    "reference/linux/mod.ts",
  ],
  "reference/explorer": ["format/mod.ts", "reference/mod.ts"],
  "mod.ts": ["format/mod.ts", "reference/mod.ts"],
  "conformance": [
    "mod.ts",
    "reference/linux/mod.ts",
    "reference/linux/firecracker/handshake.ts", // to be fuzzed alone
  ],
  ".ci": [],
};

/** The room that a file stands in. */
function roomOf(path: string): string {
  const [first = "", second = ""] = path.split("/");
  const inner = `${first}/${second}`;
  return inner in DOORS ? inner : first;
}

/** Tests and what only they use. */
function isOfTests(path: string): boolean {
  return path.endsWith("_test.ts") || path.includes("/testing/");
}

/** Everything that is wrong with the imports of a tree, a line each. */
export function checkImports(graph: ModuleGraph): string[] {
  const lines: string[] = [];
  for (const [from, imports] of graph) {
    for (const it of imports) {
      const wrong = it.path === undefined
        ? wrongPackage(from, it)
        : wrongRoom(from, it.path);
      if (wrong !== undefined) lines.push(`${from} imports ${wrong}`);
    }
  }
  for (const path of reachableAtRunTime(graph, "mod.ts")) {
    for (const { specifier, path: to, atRunTime } of graph.get(path) ?? []) {
      if (to !== undefined || !atRunTime) continue;
      lines.push(`${path}, which mod.ts loads, imports "${specifier}"`);
    }
  }
  return [...lines, ...circles(graph)];
}

/** What is wrong with an import of something that is no file of the project. */
function wrongPackage(from: string, { specifier }: Import): string | undefined {
  if (specifier.startsWith(".")) {
    return `"${specifier}", outside of the project`;
  }
  if (isOfTests(from)) return undefined;
  if (!specifier.startsWith("node:")) return `"${specifier}", a package`;
  const isPure = roomOf(from) === "format";
  return isPure ? `"${specifier}" into the pure room format` : undefined;
}

/** What is wrong with an import of a file of the project. */
function wrongRoom(from: string, to: string): string | undefined {
  const room = roomOf(from);
  if (isOfTests(to) && !isOfTests(from)) return `${to}, a test`;
  if (room === roomOf(to)) return undefined;
  const doors = DOORS[room];
  if (doors === undefined) return `${to} from a room that is not known`;
  if (doors.includes(to)) return undefined;
  const known = doors.some((door) => roomOf(door) === roomOf(to));
  return known ? `${to} past its door` : `${to} against the arrows`;
}

/** The files that are loaded when `path` is, itself included. */
function reachableAtRunTime(graph: ModuleGraph, path: string): Set<string> {
  const reached = new Set([path]);
  for (const from of reached) {
    for (const it of graph.get(from) ?? []) {
      if (it.atRunTime && it.path !== undefined) reached.add(it.path);
    }
  }
  return reached;
}

/** Files that import each other when they run, each circle once. */
function circles(graph: ModuleGraph): string[] {
  const lines: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  function visit(file: string): void {
    const start = path.indexOf(file);
    if (start >= 0) {
      lines.push(`in a circle: ${[...path.slice(start), file].join(" → ")}`);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const it of graph.get(file) ?? []) {
      if (it.atRunTime && it.path !== undefined) visit(it.path);
    }
    path.pop();
    done.add(file);
  }
  for (const file of graph.keys()) visit(file);
  return lines;
}

if (import.meta.main) {
  const graph = readModuleGraph(process.argv[2] ?? ".");
  const wrong = checkImports(graph);
  for (const line of wrong) console.error(line);
  console.log(`${graph.size} files, ${wrong.length} imports that must not be`);
  if (wrong.length > 0 || !graph.has("mod.ts")) process.exitCode = 1;
}
