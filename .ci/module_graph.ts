import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { computedImports } from "./computed_imports.ts";

/** Folders whose files are not part of the project. */
const FOREIGN = ["node_modules", ".git", "dist"];

/** An import of a module, or an export from another module. */
export interface Import {
  /** The specifier in the source; undefined if it is computed at run time. */
  readonly specifier: string | undefined;
  /**
   * The file it names, relative to the root; undefined if it is not a file of
   * the project.
   */
  readonly path: string | undefined;
  /** Whether it exists at run time: not `import type`. */
  readonly atRunTime: boolean;
  /** Whether it is an `import()`. */
  readonly isDynamic: boolean;
}

/** The files of a tree and what each of them imports. */
export type ModuleGraph = ReadonlyMap<string, readonly Import[]>;

/** The parts of the output of `deno info --json` that are used. */
interface DenoInfo {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly isDynamic?: boolean;
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
    }[];
  }[];
}

/**
 * Reads the imports of all TypeScript files under `root` with Deno's parser.
 */
export function readModuleGraph(root: string): ModuleGraph {
  const files = typescriptFiles(resolve(root));
  const graph = new Map<string, readonly Import[]>();
  for (const module of describe(files, root).modules) {
    const from = pathIn(root, module.specifier);
    if (from === undefined) continue;
    if (module.error !== undefined) throw new Error(module.error);
    const imports: Import[] = [];
    for (const dependency of module.dependencies ?? []) {
      const { specifier, code, type, isDynamic = false } = dependency;
      const target = (code ?? type)?.specifier ?? "";
      const path = pathIn(root, target);
      const atRunTime = code !== undefined;
      imports.push({ specifier, path, atRunTime, isDynamic });
    }
    // Deno omits these.
    const text = readFileSync(join(root, from), "utf8");
    for (let remaining = computedImports(text); remaining > 0; remaining--) {
      const [specifier, path] = [undefined, undefined];
      imports.push({ specifier, path, atRunTime: true, isDynamic: true });
    }
    graph.set(from, imports);
  }
  return graph;
}

/** Runs `deno info` once, on a module that imports all files. */
function describe(files: readonly string[], root: string): DenoInfo {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-imports-"));
  try {
    const entry = join(folder, "all.ts");
    const lines = files.map((it) => {
      return `import ${JSON.stringify(pathToFileURL(it).href)};\n`;
    });
    writeFileSync(entry, lines.join(""));
    const output = execFileSync(execPath, ["info", "--json", entry], {
      cwd: root,
      maxBuffer: 2 ** 26,
      stdio: ["ignore", "pipe", "inherit"],
    });
    return JSON.parse(output.toString());
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function typescriptFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return FOREIGN.includes(entry.name) ? [] : typescriptFiles(path);
    }
    return path.endsWith(".ts") ? [path] : [];
  });
}

/**
 * Returns the path of a `file:` URL relative to the root; undefined outside of
 * it.
 */
function pathIn(root: string, url: string): string | undefined {
  if (!url.startsWith("file:")) return undefined;
  const path = relative(resolve(root), fileURLToPath(url));
  return path.startsWith("..") ? undefined : path.replaceAll("\\", "/");
}
