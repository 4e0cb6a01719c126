import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { ROOT } from "./build/project.ts";
import {
  checkImports,
  checkRows,
  reachableAtRunTime,
} from "./check_imports.ts";
import { readModuleGraph } from "./module_graph.ts";

/** A tree without errors. */
const GOOD: Readonly<Record<string, string>> = {
  "format/mod.ts": `export { one } from "./bytes/mod.ts";`,
  "format/bytes/mod.ts": `export { one } from "./one.ts";`,
  "format/bytes/one.ts": `export const one = 1;`,
  "format/bytes/one_test.ts":
    `import test from "node:test"; import "./one.ts"; test("x", () => {});`,
  "reference/reading/mod.ts": `export { two } from "./two.ts";`,
  "reference/reading/two.ts": `
    // import "npm:no-import"; and "/*" opens no comment in a string
    import type * as Fs from "node:fs";
    import { one } from "../../format/bytes/mod.ts";
    import type { three } from "./three.ts";
    /** \`import "../mod.ts"\` */
    export const two: typeof three = one, text = "/*"; export type F = Fs.Stats;`,
  // mod.ts does not load it.
  "reference/reading/three.ts": `import "node:fs"; export const three = 1;`,
  "reference/saving/mod.ts": `export { two as four } from "../reading/mod.ts";`,
  "reference/doors/qemu.ts": `export { four } from "../saving/mod.ts";`,
  "reference/cli/main.ts":
    `import "node:process"; export { two } from "../reading/mod.ts";
    /** Not \`import(name)\`. */
    export const late = () => import("./late.ts");`,
  "reference/cli/late.ts": `export const text = "import(name)";`,
  "mod.ts": `export { one } from "./format/bytes/mod.ts";
    export { two } from "./reference/reading/mod.ts";`,
  "conformance/a.ts": `import "../mod.ts"; export const a = import("node:fs");`,
  "conformance/a_test.ts":
    `import "./a.ts"; import "../reference/doors/qemu.ts";`,
};

/** Checks the good tree with these files added or replaced. */
function check(files: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), "mapped-ram-tree-"));
  try {
    for (const [path, text] of Object.entries({ ...GOOD, ...files })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return checkImports(readModuleGraph(root));
  } finally {
    rmSync(root, { recursive: true });
  }
}

test("checkImports() finds nothing in a good tree", () => {
  assert.deepEqual(check({}), []);
});

const HERE = readModuleGraph(ROOT);

test("checkImports() finds nothing in this repository", () => {
  assert.deepEqual(checkImports(HERE), []);
});

/** The rooms of ARCHITECTURE.md, by the rows of its table. */
function architectureRows(): string[][] {
  const text = readFileSync(join(ROOT, "docs/ARCHITECTURE.md"), "utf8");
  const [, section = ""] = /^## Rooms of (.*?)^## /ms.exec(text) ?? [];
  return Array.from(
    section.matchAll(/^\| (`[^|]*\/`) +\|/gm),
    ([, cell]) =>
      Array.from(cell.matchAll(/`(\w+)\/`/g), ([, it]) => `reference/${it}`),
  );
}

test("each room imports only rooms above it in ARCHITECTURE.md", () => {
  const rows = architectureRows();
  assert.deepEqual(checkRows(HERE, rows), []);
  assert.ok(checkRows(HERE, rows.toReversed()).length > 0);
});

/** Maximum number of files that each module loads at start. */
const FILES_MAX = {
  "mod.ts": 160,
  "reference/cli/main.ts": 72,
  "reference/cli/info/info.ts": 126,
  "reference/cli/info/info_overview.ts": 131,
  "reference/cli/save/save.ts": 188,
  "reference/cli/seal/seal.ts": 95,
  "reference/cli/seal/print_sealed.ts": 136,
  "reference/sealing/seal_worker.ts": 89,
};

for (const [path, limit] of Object.entries(FILES_MAX)) {
  test(`${path} loads at most ${limit} files`, () => {
    const loaded = reachableAtRunTime(HERE, path, { late: false });
    assert.ok(loaded.size <= limit, `${loaded.size}: ${[...loaded].join(" ")}`);
  });
}

test("no command loads the help or the completion of shells", () => {
  const commands = [...HERE.keys()].filter((it) =>
    /^reference\/cli\/(?:main|(?!completion)(\w+)\/\1)\.ts$/.test(it)
  );
  assert.ok(commands.length > 10, commands.join(" "));
  for (const path of commands) {
    const loaded = reachableAtRunTime(HERE, path, { late: false });
    const others = [...loaded].filter((it) =>
      /^reference\/cli\/(?:help|completion\/\w+|program\/help_text)\.ts$/.test(
        it,
      )
    );
    assert.deepEqual(others, [], path);
  }
});

/** An invalid file, and its error. */
const BAD: readonly (readonly [path: string, text: string, line: string])[] = [
  [
    "format/bad.ts",
    `import { two } from "../reference/reading/mod.ts"; two;`,
    "format/bad.ts imports reference/reading/mod.ts against the arrows",
  ],
  [
    "format/bad.ts",
    `import type { Stats } from "node:fs"; export type S = Stats;`,
    `format/bad.ts imports "node:fs" into the pure room format`,
  ],
  [
    "format/bad_test.ts",
    `import "../mod.ts";`,
    "format/bad_test.ts imports mod.ts against the arrows",
  ],
  [
    "reference/reading/bad.ts",
    `import type { one } from "../../format/bytes/one.ts"; export type O = typeof one;`,
    "reference/reading/bad.ts imports format/bytes/one.ts past its door",
  ],
  [
    "reference/reading/bad.ts",
    `import { one } from "../../format/mod.ts"; one;`,
    "reference/reading/bad.ts imports format/mod.ts past its door",
  ],
  [
    "reference/reading/bad.ts",
    `export const late = () => import("../cli/main.ts");`,
    "reference/reading/bad.ts imports reference/cli/main.ts against the arrows",
  ],
  [
    "reference/reading/bad.ts",
    `import "../doors/qemu.ts";`,
    "reference/reading/bad.ts imports reference/doors/qemu.ts against the arrows",
  ],
  [
    "reference/cli/bad.ts",
    `import "../reading/two.ts";`,
    "reference/cli/bad.ts imports reference/reading/two.ts past its door",
  ],
  [
    "reference/saving/bad_test.ts",
    `import "../reading/two.ts";`,
    "reference/saving/bad_test.ts imports reference/reading/two.ts past its door",
  ],
  [
    "reference/cli/late.ts",
    `const url = new URL("./main.ts", import.meta.url);
    export const late = () => import(url.href); // not import("./main.ts")`,
    "reference/cli/late.ts imports a module by a computed name",
  ],
  [
    "reference/cli/late.ts",
    `export const late = (name: string) => import("./" + name);`,
    "reference/cli/late.ts imports a module by a computed name",
  ],
  [
    "reference/cli/late.ts",
    "export const late = (name: string) => import(`node:${name}`);",
    "reference/cli/late.ts imports a module by a computed name",
  ],
  [
    "conformance/bad_test.ts",
    `import { two } from "../reference/reading/mod.ts"; two;`,
    "conformance/bad_test.ts imports reference/reading/mod.ts past its door",
  ],
  [
    "conformance/bad.ts",
    `import "./a_test.ts";`,
    "conformance/bad.ts imports conformance/a_test.ts, a test",
  ],
  [
    "elsewhere/bad.ts",
    `import "../mod.ts";`,
    "elsewhere/bad.ts imports mod.ts from an unknown room",
  ],
  [
    "reference/reading/two.ts",
    `import "node:fs"; export const two = 2;`,
    `reference/reading/two.ts, which mod.ts loads, imports "node:fs"`,
  ],
  [
    "reference/reading/three.ts",
    `import type { two } from "./two.ts"; export const three: typeof two = 3;`,
    "in a cycle: reference/reading/two.ts → reference/reading/three.ts → " +
    "reference/reading/two.ts",
  ],
  [
    "reference/reading/four.ts",
    `import type { four } from "../saving/mod.ts"; export type F = typeof four;`,
    "in a cycle: reference/reading → reference/saving → reference/reading",
  ],
];

for (const [path, text, line] of BAD) {
  test(`checkImports() finds: ${line}`, () => {
    const lines = check({ [path]: text });
    assert.ok(lines.includes(line), lines.join("\n"));
  });
}
