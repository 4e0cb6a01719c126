import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { execPath } from "node:process";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { DOORS, NAME, ROOT } from "./project.ts";

/** An import in an example of a doc comment. */
const EXAMPLE_IMPORT = /^( *\* .*\bfrom )"(\.[^"]*)";$/gm;

/** Returns the name of the file with the types of a door: `qemu.d.ts`. */
export function declarationFile(door: string): string {
  return `${door === "." ? "mod" : posix.basename(door)}.d.ts`;
}

/**
 * Returns the declarations of the doors by file name. TypeScript makes those of
 * all modules, which are then rolled up, so that only public names remain.
 */
export async function declarations(): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-types-"));
  try {
    declareModules(folder);
    showPackageInExamples(folder);
    return await rollUp(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Has TypeScript write declarations for each module, which Deno has checked. */
function declareModules(folder: string): void {
  const options = {
    declaration: true,
    emitDeclarationOnly: true,
    exactOptionalPropertyTypes: true,
    lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"],
    module: "esnext",
    moduleResolution: "bundler",
    noCheck: true,
    outDir: join(folder, "modules"),
    rewriteRelativeImportExtensions: true,
    rootDir: ROOT,
    strict: true,
    target: "es2022",
    types: [],
  };
  const project = join(folder, "tsconfig.json");
  const files = [...DOORS.values()].map((it) => join(ROOT, it));
  writeFileSync(project, JSON.stringify({ compilerOptions: options, files }));
  const args = ["run", "--allow-all", "--quiet", "typescript/tsc"];
  execFileSync(execPath, [...args, "--project", project], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
  });
}

/** Makes examples import the package instead of files of the project. */
function showPackageInExamples(folder: string): void {
  const names = new Map([...DOORS].map(([name, path]) => [path, name]));
  const modules = join(folder, "modules");
  for (const entry of readdirSync(modules, { recursive: true })) {
    const path = String(entry).replaceAll("\\", "/");
    if (!path.endsWith(".d.ts")) continue;
    const text = readFileSync(join(modules, path), "utf8");
    const shown = text.replaceAll(EXAMPLE_IMPORT, (line, head, specifier) => {
      const target = posix.join(posix.dirname(path), specifier);
      const name = names.get(target);
      return name === undefined ? line : `${head}"${posix.join(NAME, name)}";`;
    });
    if (shown !== text) writeFileSync(join(modules, path), shown);
  }
}

async function rollUp(folder: string): Promise<Map<string, string>> {
  const inputs = [...DOORS].map(([name, path]) => [
    declarationFile(name).replace(/\.d\.ts$/, ""),
    join(folder, "modules", path.replace(/\.ts$/, ".d.ts")),
  ]);
  await using bundle = await rolldown({
    cwd: folder,
    external: /^node:/,
    input: Object.fromEntries(inputs),
    plugins: [dts({ dtsInput: true, emitDtsOnly: true })],
  });
  const { output } = await bundle.generate({
    chunkFileNames: "shared/[name].d.ts",
    entryFileNames: "[name].d.ts",
    format: "esm",
  });
  return new Map(output.map((it) => {
    if (it.type !== "chunk") throw new Error(`no chunk: ${it.fileName}`);
    return [it.fileName, it.code];
  }));
}
