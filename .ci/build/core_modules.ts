import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { reachableAtRunTime } from "../check_imports.ts";
import { readModuleGraph } from "../module_graph.ts";
import { ENTRIES, ROOT } from "./project.ts";

/** What `mapped-ram info` loads: nearly all that any command loads. */
const FIRST_COMMAND = [
  ENTRIES[0],
  "reference/cli/info/info.ts",
  "reference/cli/info/info_overview.ts",
];

/**
 * Names of the files, without their ending, that several modules share: those
 * of the library, which also run in browsers, and those of the command line.
 */
export const CORES = ["core", "cli_core"] as const;

const cores = new Map<string, (typeof CORES)[number]>();

/**
 * Returns the name of the file that a module, given by its absolute path, shares
 * with others, if it does: loading many files takes longer than loading many
 * bytes. A module that uses its own place has a file of its own.
 */
export function coreOf(path: string): (typeof CORES)[number] | undefined {
  if (cores.size === 0) findCores();
  return cores.get(relative(ROOT, path));
}

/** The same for the bundler, which takes the first group that fits. */
export const CORE_GROUPS = [
  // The compiler's own functions, which would come into one of the cores.
  { name: "helpers", test: (path: string) => !path.startsWith(ROOT) },
  ...CORES.map((name) => ({
    name,
    test: (path: string) => coreOf(path) === name,
  })),
].map((group, index, { length }) => ({ ...group, priority: length - index }));

function findCores(): void {
  const graph = readModuleGraph(ROOT);
  for (const first of FIRST_COMMAND) {
    for (const it of reachableAtRunTime(graph, first, { late: false })) {
      if (codeOf(it).includes("import.meta.")) continue;
      cores.set(it, it.startsWith("reference/cli/") ? "cli_core" : "core");
    }
  }
}

/** Returns the text of a module without its long comments. */
function codeOf(module: string): string {
  const text = readFileSync(join(ROOT, module), "utf8");
  return text.replaceAll(/\/\*[^]*?\*\//g, "");
}
