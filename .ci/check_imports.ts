/**
 * Checks that imports go one way, `format ← reference ← mod.ts ← conformance`,
 * each room through the doors of the next; that there are no import cycles,
 * type imports included; that `mod.ts` loads only files of the project; and
 * that each imported name is literal, so that bundlers see it.
 *
 * ```sh
 * deno run --allow-all .ci/check_imports.ts
 * ```
 *
 * @module
 */

import process from "node:process";
import { isOfTests } from "./build/project.ts";
import {
  type Import,
  type ModuleGraph,
  readModuleGraph,
} from "./module_graph.ts";

/** The areas that each area of the project may import besides itself. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  "format": [],
  "reference": ["format"],
  "mod.ts": ["format", "reference"],
  "conformance": ["mod.ts", "format", "reference"],
  ".ci": ["reference"],
};

/** Rooms of reference/ that its other rooms must not import. */
const OUTERMOST = ["reference/cli", "reference/doors"];

/** The public modules besides `reference/doors`. */
const PUBLIC_DOORS = ["mod.ts", "format/mod.ts"];

/** Files that conformance/ may import past a door. */
const EXCEPTIONS = [
  "reference/firecracker/handshake.ts", // fuzzed by itself
];

/**
 * Returns `format`, `reference`, `conformance`, `.ci`, or a file at the root.
 */
function areaOf(path: string): string {
  return path.split("/")[0];
}

/** Returns the room of a file: each folder of reference/ is one. */
function roomOf(path: string): string {
  const [area, folder = "", ...rest] = path.split("/");
  return area === "reference" && rest.length > 0 ? `${area}/${folder}` : area;
}

/** Returns the folder of a file, for cycles of folders. */
function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/**
 * Whether a file of another room may import this one. The library uses the
 * doors of the folders of format/, because `format/mod.ts` loads all of them.
 */
function isDoor(path: string, from: string): boolean {
  if (areaOf(from) === "conformance") {
    return PUBLIC_DOORS.includes(path) ||
      roomOf(path) === "reference/doors" || EXCEPTIONS.includes(path);
  }
  return /^(?:format|reference)\/\w+\/mod\.ts$/.test(path);
}

/**
 * Returns everything that is wrong with the imports of a tree, one line each.
 */
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
      if (to !== undefined || !atRunTime || specifier === undefined) continue;
      lines.push(`${path}, which mod.ts loads, imports "${specifier}"`);
    }
  }
  return [...lines, ...circles(graph), ...circles(folderGraph(graph))];
}

/**
 * Returns the imports of rooms of reference/ that are not above the importing
 * one in `rows`, the table of `docs/ARCHITECTURE.md`, one line each.
 */
export function checkRows(
  graph: ModuleGraph,
  rows: readonly (readonly string[])[],
): string[] {
  const rowOf = (path: string) =>
    rows.findIndex((rooms) => rooms.includes(roomOf(path)));
  const lines: string[] = [];
  for (const [from, imports] of graph) {
    if (areaOf(from) !== "reference" || isOfTests(from)) continue;
    for (const { path: to } of imports) {
      if (to === undefined || areaOf(to) !== "reference") continue;
      if (roomOf(to) === roomOf(from) || rowOf(to) < rowOf(from)) continue;
      lines.push(`${from} imports ${to}, which is not above it`);
    }
  }
  return lines;
}

/** Returns the problems of an import from outside the project. */
function wrongPackage(from: string, { specifier }: Import): string | undefined {
  if (specifier?.startsWith(".")) {
    return `"${specifier}", outside of the project`;
  }
  // Tools come from the npm registry; what is published needs none.
  if (isOfTests(from) || areaOf(from) === ".ci") return undefined;
  if (specifier === undefined) return "a module by a computed name";
  if (!specifier.startsWith("node:")) return `"${specifier}", a package`;
  const isPure = roomOf(from) === "format";
  return isPure ? `"${specifier}" into the pure room format` : undefined;
}

/** Returns the problems of an import of a file of the project. */
function wrongRoom(from: string, to: string): string | undefined {
  if (isOfTests(to)) {
    return isOfTests(from) ? undefined : `${to}, a test`;
  }
  const [area, room] = [areaOf(from), roomOf(from)];
  if (room === roomOf(to)) return undefined;
  const arrows = ARROWS[area];
  if (arrows === undefined) return `${to} from an unknown room`;
  const isInner = area === areaOf(to);
  const isAllowed = isInner
    ? !OUTERMOST.includes(roomOf(to))
    : arrows.includes(areaOf(to));
  if (!isAllowed) return `${to} against the arrows`;
  return isDoor(to, from) ? undefined : `${to} past its door`;
}

/**
 * Returns the files that loading `path` loads, itself included, and those that
 * `import()` loads later, unless `late` is false.
 */
export function reachableAtRunTime(
  graph: ModuleGraph,
  path: string,
  { late = true }: { readonly late?: boolean } = {},
): Set<string> {
  const reached = new Set([path]);
  for (const from of reached) {
    for (const it of graph.get(from) ?? []) {
      if (!it.atRunTime || it.path === undefined) continue;
      if (late || !it.isDynamic) reached.add(it.path);
    }
  }
  return reached;
}

/**
 * Returns each cycle of files or folders that import each other, types
 * included.
 */
function circles(graph: ModuleGraph): string[] {
  const lines: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  function visit(file: string): void {
    const start = path.indexOf(file);
    if (start >= 0) {
      lines.push(`in a cycle: ${[...path.slice(start), file].join(" → ")}`);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const it of graph.get(file) ?? []) {
      if (it.path !== undefined) visit(it.path);
    }
    path.pop();
    done.add(file);
  }
  for (const file of graph.keys()) visit(file);
  return lines;
}

/** Returns the folders and their imports, without tests. */
function folderGraph(graph: ModuleGraph): ModuleGraph {
  const folders = new Map<string, Import[]>();
  for (const [from, imports] of graph) {
    if (isOfTests(from)) continue;
    const folder = folderOf(from);
    const list = folders.get(folder) ?? [];
    folders.set(folder, list);
    for (const it of imports) {
      if (it.path === undefined || isOfTests(it.path)) continue;
      const path = folderOf(it.path);
      const isOther = path !== folder && path.includes("/") &&
        folder.includes("/");
      if (isOther) list.push({ ...it, path });
    }
  }
  return folders;
}

if (import.meta.main) {
  const graph = readModuleGraph(process.argv[2] ?? ".");
  const wrong = checkImports(graph);
  for (const line of wrong) console.error(line);
  console.log(`${graph.size} files, ${wrong.length} forbidden imports`);
  if (wrong.length > 0 || !graph.has("mod.ts")) process.exitCode = 1;
}
