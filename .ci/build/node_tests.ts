/**
 * Runs the tests of `format/`, `reference/` and the vectors on Node, against the
 * package that is published: they are compiled into a copy of it.
 *
 * ```sh
 * deno run -A .ci/build/node_tests.ts --node PROGRAM --modules FOLDER [TEST...]
 * ```
 *
 * FOLDER is a `node_modules` with the package koffi, which tests that call the C
 * library need.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import type { Files } from "./compile.ts";
import { npmPackage } from "./npm_package.ts";
import { packageModules } from "./package_modules.ts";
import { isOfTests, ROOT, sourceFiles } from "./project.ts";

/** Where the files are that tests read besides modules. */
const DATA = [
  ...["conformance", "docs", "format", "reference"],
  ...["README.md", "SPEC.md", "deno.json"],
];

/** Tests that are not of the package, or need another runtime. */
const OTHERS =
  /^conformance\/(?!runner|vectors|proving\/(?:read|write|sequential|libvirt|dirty_bitmaps)_test)|\/(?:tasks|rules_used)_test\.ts$/;

/** URLs of modules that tests start as threads or programs. */
const STARTED = /(\bnew URL\(\s*"[^"]+)\.ts"/g;

/** An expression that Node has from version 24 on, and its replacement. */
const IS_MAIN = "import.meta.main";
const IS_MAIN_ANYWHERE =
  `(${IS_MAIN} ?? import.meta.url.endsWith(process.argv[1]))`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: "string", default: "node" },
    modules: { type: "string" },
    keep: { type: "boolean", default: false },
  },
});

const folder = mkdtempSync(join(tmpdir(), "mapped-ram-node-tests-"));
try {
  process.exitCode = await run();
} finally {
  if (values.keep) console.log(folder);
  else rmSync(folder, { recursive: true });
}
process.exit();

async function run(): Promise<number> {
  const sources = sourceFiles(["conformance", "format", "reference"]);
  const ofTests = sources.filter((it) =>
    isOfTests(it) || it.startsWith("conformance/")
  );
  for (const it of DATA) {
    cpSync(join(ROOT, it), join(folder, it), {
      recursive: true,
      filter: (path) => !path.endsWith(".ts"),
    });
  }
  const files = await npmPackage();
  // The tests read the README of the sources.
  files.delete("README.md");
  write(files);
  write(
    await packageModules(ofTests, {
      edit: (text) =>
        text.replaceAll(STARTED, '$1.js"')
          .replaceAll(IS_MAIN, IS_MAIN_ANYWHERE),
      shared: "shared_by_tests",
    }),
  );
  if (values.modules !== undefined) {
    symlinkSync(values.modules, join(folder, "node_modules"));
  }
  const tests = positionals.length > 0
    ? positionals
    : sources.filter((it) => it.endsWith("_test.ts") && !OTHERS.test(it));
  const { status } = spawnSync(values.node, [
    ...["--test", "--test-reporter=spec", "--test-concurrency=2"],
    ...["--enable-source-maps"],
    ...tests.map((it) => it.replace(/\.ts$/, ".js")),
  ], { cwd: folder, stdio: "inherit" });
  return status ?? 1;
}

function write(files: Files): void {
  for (const [path, text] of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
