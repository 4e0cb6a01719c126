/**
 * Proves that imports go one way, `format ← reference ← mod.ts ← conformance`
 * with the command line beside, each room through the doors of the next; that
 * none of them go in circles; that `mod.ts` reaches nothing but files of the
 * project; and that a command starts without the files of the others.
 *
 * ```sh
 * deno run --allow-all .ci/check_imports.ts
 * ```
 *
 * @module
 */

import { basename } from "node:path";
import process from "node:process";
import {
  type Import,
  type ModuleGraph,
  readModuleGraph,
} from "./module_graph.ts";

/**
 * What the files of a room may go through besides their own room: the doors of
 * other rooms, and a few files by name.
 */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  "format": [],
  "reference": [
    "format",
    "format/testing/random_numbers.ts", // of its tests alone
  ],
  "reference/linux": [
    "format",
    "reference",
    "reference/testing/scratch_folder.ts", // of its tests alone
  ],
  "reference/cli": ["format", "reference", "reference/linux"],
  "reference/explorer": ["format", "reference"],
  "mod.ts": ["format", "reference"],
  "conformance": [
    "mod.ts",
    "reference/linux",
    "reference/firecracker/handshake.ts", // to be fuzzed alone
  ],
  ".ci": [],
};

/** The room that a file stands in. */
function roomOf(path: string): string {
  const [first = "", second = ""] = path.split("/");
  const inner = `${first}/${second}`;
  return inner in WAYS ? inner : first;
}

/** Whether others may come in here: a room is entered by a `mod.ts` of it. */
function isDoor(path: string): boolean {
  return basename(path) === "mod.ts";
}

/** Tests and what only they use. */
function isOfTests(path: string): boolean {
  return path.endsWith("_test.ts") || path.includes("/testing/");
}

/** Whether a file is of the command line, which imports late by importLate(). */
function isOfProgram(path: string): boolean {
  return roomOf(path) === "reference/cli" && !isOfTests(path);
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
      if (it.isDynamic && isOfProgram(from)) {
        lines.push(`${from} has an import() that Deno reads ahead`);
      }
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
  const ways = WAYS[room];
  if (ways === undefined) return `${to} from a room that is not known`;
  if (ways.includes(to)) return undefined;
  if (!ways.some((way) => roomOf(way) === roomOf(to))) {
    return `${to} against the arrows`;
  }
  const mayEnter = isDoor(to) && ways.includes(roomOf(to));
  return mayEnter ? undefined : `${to} past its door`;
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
