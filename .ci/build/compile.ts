import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import {
  type InputOptions,
  type OutputOptions,
  type Plugin,
  rolldown,
} from "rolldown";
import { ROOT } from "./project.ts";

/** Returns a plugin that reads the sources and passes them through `edit`. */
function sources(edit: (text: string) => string): Plugin {
  return {
    name: "sources",
    load(id) {
      if (!id.startsWith(ROOT) || !id.endsWith(".ts")) return null;
      return edit(readFileSync(id, "utf8"));
    },
  };
}

/** Replacements of functions that Node 20 does not have. */
const NEWER = join(ROOT, ".ci/build/newer_functions.ts");

/** Codes of messages of the bundler that do not end a build. */
const HARMLESS = [
  // A module that is loaded late here may be loaded anyway elsewhere.
  "INEFFECTIVE_DYNAMIC_IMPORT",
  // The machine is busy.
  "PLUGIN_TIMINGS",
];

type Minify = NonNullable<OutputOptions["minify"]>;

/** Removes comments, spaces and dead code, and shortens the names of locals. */
export const PACKED: Minify = {
  codegen: { removeWhitespace: true },
  // Errors and debuggers show the names of classes and functions.
  compress: { keepNames: { class: true, function: true }, target: "es2022" },
  mangle: { toplevel: false },
};

/** Shortens everything but the names of classes. */
export const MINIFIED: Minify = {
  codegen: { removeWhitespace: true },
  compress: true,
  mangle: { toplevel: true, keepNames: { class: true, function: false } },
};

/** Texts of files by path. */
export type Files = Map<string, string>;

/** Options of {@linkcode compile}. */
export interface CompileOptions {
  /** Constants that replace expressions. */
  readonly define?: Readonly<Record<string, string>>;
  /** Changes the text of each module of the project. */
  readonly edit?: (text: string) => string;
  readonly input?: InputOptions;
  readonly output?: OutputOptions;
  readonly plugins?: readonly Plugin[];
}

/**
 * Compiles modules to JavaScript for Node 20 and browsers of 2023: newer syntax
 * is translated, newer functions are replaced. `input` names each output file,
 * without its extension, and the module to make it from.
 */
export async function compile(
  input: Readonly<Record<string, string>>,
  { define = {}, edit = (it) => it, plugins = [], ...options }: CompileOptions,
): Promise<Files> {
  await using bundle = await rolldown({
    cwd: ROOT,
    external: /^node:/,
    input: { ...input },
    onLog(_level, { code = "", message }) {
      if (!HARMLESS.includes(code)) throw new Error(message);
    },
    platform: "neutral",
    plugins: [...plugins, sources(edit)],
    transform: {
      define: { ...define },
      inject: {
        "Array.fromAsync": [NEWER, "fromAsync"],
        "Promise.withResolvers": [NEWER, "withResolvers"],
      },
      target: "es2022",
    },
    tsconfig: false,
    ...options.input,
  });
  const { output } = await bundle.generate({
    comments: { annotation: true, jsdoc: false, legal: false },
    entryFileNames: "[name].js",
    format: "esm",
    minify: PACKED,
    // As if the sources were in the same folder, wherever it is built.
    sourcemapPathTransform: (path) => basename(path),
    ...options.output,
  });
  return new Map(output.map((it) => [
    it.fileName,
    it.type === "chunk" ? it.code : String(it.source),
  ]));
}
