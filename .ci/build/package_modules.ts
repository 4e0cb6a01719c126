import { join } from "node:path";
import type { Plugin } from "rolldown";
import { compile, type Files } from "./compile.ts";
import { CONFIGURATION, ROOT } from "./project.ts";

/** Leaves each module a file of its own, which imports the others. */
const MODULE_BY_MODULE: Plugin = {
  name: "module-by-module",
  resolveId(specifier, importer) {
    if (importer === undefined || !/^\.\.?\/.*\.ts$/.test(specifier)) return;
    return { id: specifier.replace(/\.ts$/, ".js"), external: true };
  },
};

/** How to compile them. */
interface PackageOptions {
  /** Changes the text of each module. */
  readonly edit?: (text: string) => string;
  /** The folder of what several of them need from the compiler. */
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
