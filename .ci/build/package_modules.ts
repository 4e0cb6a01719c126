import { join } from "node:path";
import type { Plugin } from "rolldown";
import { compile, type Files } from "./compile.ts";
import { CONFIGURATION, ROOT } from "./project.ts";

/** Keeps each module in a file of its own, which imports the others. */
const MODULE_BY_MODULE: Plugin = {
  name: "module-by-module",
  resolveId(specifier, importer) {
    if (importer === undefined || !/^\.\.?\/.*\.ts$/.test(specifier)) return;
    return { id: specifier.replace(/\.ts$/, ".js"), external: true };
  },
};

/** Options of {@linkcode packageModules}. */
interface PackageOptions {
  /** Changes the text of each module. */
  readonly edit?: (text: string) => string;
  /** Folder of the helper functions of the compiler. */
  readonly shared?: string;
}

/** Compiles modules one by one, with a source map beside each. */
export function packageModules(
  paths: readonly string[],
  { edit = (it) => it, shared = "shared" }: PackageOptions = {},
): Promise<Files> {
  const input = Object.fromEntries(
    paths.map((path) => [path.replace(/\.ts$/, ""), join(ROOT, path)]),
  );
  return compile(input, {
    edit,
    plugins: [MODULE_BY_MODULE],
    input: {
      external: [/^node:/, ...Object.keys(CONFIGURATION.imports)],
      makeAbsoluteExternalsRelative: false,
      platform: "node",
    },
    output: { chunkFileNames: `${shared}/[name].js`, sourcemap: true },
  });
}
