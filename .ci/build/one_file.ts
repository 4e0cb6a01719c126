import type { Plugin } from "rolldown";
import { compile, type Files, MINIFIED } from "./compile.ts";
import { CONFIGURATION, NAME } from "./project.ts";
import { virtualModules, virtualName } from "./virtual_modules.ts";

/** Name of both files, without the extension. */
const FILE = "mapped_ram";

const MODULES = {
  // The file is also the module of its threads: they start with its URL, whose
  // fragment names their task.
  library: `
    import { sealLane } from "/reference/sealing/seal_lane.ts";
    import { copyLane } from "/reference/workers/copy_lane.ts";
    import { serveLanes } from "/reference/lanes/serve_lanes.ts";
    import { serveChecks } from "/reference/verity/serve_checks.ts";
    export * from "/mod.ts";
    if (import.meta.url.endsWith("#lane_worker")) serveLanes(copyLane);
    if (import.meta.url.endsWith("#seal_worker")) serveLanes(sealLane);
    if (import.meta.url.endsWith("#check_worker")) serveChecks();`,
  // Node and Bun do not tell a thread the fragment of its URL.
  entry_url: `
    import { SourceError } from "/reference/sources/mod.ts";
    export function entryUrl(path, base) {
      const { Deno, process } = globalThis;
      if (Deno === undefined && process?.getBuiltinModule !== undefined) {
        throw new SourceError("threads", "Cannot start a thread: the library in one " +
          "file has none in this runtime: import the npm package, or omit jobs");
      }
      return new URL(path.replace(/^.*\\/|\\.ts$/g, (it) => it === ".ts" ? "" : "#"), base);
    }`,
};

/** Makes threads start from the same file. */
const THREADS_INSIDE: Plugin = {
  name: "threads-inside",
  resolveId: (specifier) =>
    specifier.endsWith("/entry_url.ts") ? virtualName("entry_url") : null,
};

/**
 * Replaces each `import()` by an import: one file has nothing to load late, and
 * the bundler would wrap every module in a function.
 */
function loadAtOnce(text: string): string {
  const imports: string[] = [];
  const edited = text.replaceAll(/\bimport\((".*?")\)/g, (_, specifier) => {
    const name = `late${imports.length}`;
    imports.push(`import * as ${name} from ${specifier};\n`);
    return `Promise.resolve(${name})`;
  });
  return edited + imports.join("");
}

/**
 * Builds the library as one file, for browsers and imports by URL: readable and
 * minified, each with a source map.
 */
export async function oneFile(): Promise<Files> {
  const { version, license } = CONFIGURATION;
  const files: Files = new Map();
  for (const [name, minify] of [[FILE, false], [`${FILE}.min`, MINIFIED]]) {
    const compiled = await compile(
      { [String(name)]: virtualName("library") },
      {
        edit: loadAtOnce,
        plugins: [THREADS_INSIDE, virtualModules(MODULES)],
        output: {
          banner: `/*! ${NAME} ${version}, licence: ${license} */`,
          codeSplitting: false,
          minify: minify as boolean,
          sourcemap: true,
        },
      },
    );
    for (const [path, text] of compiled) files.set(path, text);
  }
  return files;
}
