import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Files } from "./compile.ts";
import { declarationFile, declarations } from "./declarations.ts";
import { manPages, releaseDate } from "./man_pages.ts";
import { packageModules } from "./package_modules.ts";
import {
  CONFIGURATION,
  DOORS,
  ENTRIES,
  modules,
  NAME,
  ROOT,
} from "./project.ts";

/** The oldest Node with `process.getBuiltinModule`. */
const OLDEST_NODE = "20.16";

const DESCRIPTION = "Reads, saves, verifies and resumes VM RAM snapshots in " +
  "QEMU's mapped-ram format, one page at a time";

/** Returns the files of the npm package by path. */
export async function npmPackage(): Promise<Files> {
  const files = await packageModules(modules());
  const program = compiled(ENTRIES[0]);
  files.set(program, `#!/usr/bin/env node\n${files.get(program)}`);
  for (const [name, declared] of await declarations()) {
    files.set(`types/${name}`, declared);
  }
  const pages = await manPages({ date: releaseDate() });
  for (const [name, page] of pages) files.set(`man/${name}`, page);
  const manual = [...pages.keys()].map((it) => `./man/${it}`).sort();
  const described = { ...manifest(), man: manual };
  files.set("package.json", `${JSON.stringify(described, undefined, 2)}\n`);
  files.set("README.md", text(".ci/build/package_readme.md"));
  files.set("LICENSE", text("LICENSE"));
  return files;
}

function text(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

function compiled(module: string): string {
  return module.replace(/\.ts$/, ".js");
}

/** Returns package.json, derived from deno.json. */
function manifest() {
  const { version, license } = CONFIGURATION;
  const doors = [...DOORS].map(([name, path]) => [name, {
    types: `./types/${declarationFile(name)}`,
    default: `./${compiled(path)}`,
  }]);
  return {
    name: NAME,
    version,
    description: DESCRIPTION,
    keywords: ["qemu", "mapped-ram", "snapshot", "migration", "vm"],
    license,
    type: "module",
    engines: { node: `>=${OLDEST_NODE}` },
    exports: {
      ...Object.fromEntries(doors),
      "./package.json": "./package.json",
    },
    bin: { [NAME]: compiled(ENTRIES[0]) },
    sideEffects: ENTRIES.map((it) => `./${compiled(it)}`),
    peerDependencies: { koffi: "^3.3.4" },
    peerDependenciesMeta: { koffi: { optional: true } },
  };
}
