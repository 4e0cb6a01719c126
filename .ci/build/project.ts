import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the project, with a slash at the end. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The name of the package in the npm registry, and of the command. */
export const NAME = "mapped-ram";

/** The parts of deno.json that the build uses. */
interface Configuration {
  readonly version: string;
  readonly license: string;
  /** The public doors: `./qemu` to `./reference/doors/qemu.ts`. */
  readonly exports: Readonly<Record<string, string>>;
  /** Packages that tests and tools use. */
  readonly imports: Readonly<Record<string, string>>;
}

/** deno.json, the only place that names versions, doors and entry points. */
export const CONFIGURATION: Configuration = JSON.parse(
  readFileSync(join(ROOT, "deno.json"), "utf8"),
);

/** Paths of the doors without `./`, by the names of the exports. */
export const DOORS: ReadonlyMap<string, string> = new Map(
  Object.entries(CONFIGURATION.exports)
    .map(([name, path]) => [name, posix.normalize(path)]),
);

/** Returns all TypeScript files of some folders, sorted. */
export function sourceFiles(folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .map((it) => posix.join(folder, String(it).replaceAll("\\", "/")))
      .filter((it) => it.endsWith(".ts"))
  ).sort();
}

/** Returns the modules of the library and the command line, without tests. */
export function modules(): string[] {
  const found = sourceFiles(["format", "reference"]);
  return ["mod.ts", ...found.filter((it) => !isOfTests(it))];
}

/** What is started as a program: the command line, then its processes. */
const PROGRAMS = ["reference/cli/main.ts", "reference/cli/save/live_guest.ts"];

/** Entry points of a bundle: the programs and the threads. */
export const ENTRIES: readonly string[] = [
  ...PROGRAMS,
  ...modules().filter((it) => it.endsWith("_worker.ts")),
];

/** Whether a module is a test, or is used only by tests. */
export function isOfTests(path: string): boolean {
  return path.endsWith("_test.ts") || path.includes("/testing/");
}
