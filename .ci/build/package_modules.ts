import { dirname, join } from "node:path";
import type { Plugin } from "rolldown";
import { compile, type Files } from "./compile.ts";
import { CORE_GROUPS, coreOf, CORES } from "./core_modules.ts";
import { CONFIGURATION, ROOT } from "./project.ts";

/** Options of {@linkcode packageModules}. */
interface PackageOptions {
  /** Changes the text of each module. */
  readonly edit?: (text: string) => string;
  /** Folder of the helper functions of the compiler. */
  readonly shared?: string;
}

/**
 * Compiles modules one by one, with a source map beside each. Those of a core
 * share a file, and the file of each exports its names from there.
 */
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
      makeAbsoluteExternalsRelative: true,
      platform: "node",
    },
    output: {
      chunkFileNames: ({ name }) =>
        CORES.some((it) => it === name) ? `${name}.js` : `${shared}/${name}.js`,
      codeSplitting: { groups: CORE_GROUPS },
      dir: ROOT,
      sourcemap: true,
    },
  });
}

/** Keeps each module in a file of its own, which imports the others. */
const MODULE_BY_MODULE: Plugin = {
  name: "module-by-module",
  resolveId(specifier, importer) {
    if (importer === undefined || !/^\.\.?\/.*\.ts$/.test(specifier)) return;
    const path = join(dirname(importer), specifier);
    const core = coreOf(importer);
    if (core !== undefined && core === coreOf(path)) return;
    return { id: path.replace(/\.ts$/, ".js"), external: true };
  },
};
