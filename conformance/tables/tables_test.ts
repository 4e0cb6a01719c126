import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { RULES } from "../../mod.ts";
import { TRIALS, type Trials } from "../proving/qemu/trials.ts";
import { listVectors } from "../vectors/list_vectors.ts";
import { README, withTables } from "./readme_tables.ts";
import { rulesTable } from "./rules_table.ts";

/** Removes what a formatter may change: column widths and line breaks. */
function plain(text: string): string {
  return text.replace(/-{3,}/g, "---").replace(/\s+/g, " ");
}

test("the tables of conformance/README.md are up to date", () => {
  const text = readFileSync(README, "utf8");
  assert.equal(
    plain(withTables(text)),
    plain(text),
    "run conformance/tables/write_tables.ts",
  );
});

test("rulesTable() has a line for each rule, with vectors", () => {
  const lines = rulesTable().split("\n").slice(2);
  assert.equal(lines.length, Object.keys(RULES).length);
  for (const line of lines) {
    const [, , , vectors] = line.slice(2).split(/ *\| /);
    assert(Number(vectors) > 0, line);
  }
});

test("every vector was tried in QEMU", () => {
  const { trials } = JSON.parse(readFileSync(TRIALS, "utf8")) as Trials;
  assert.deepEqual(
    trials.map(({ path }) => path).toSorted(),
    listVectors().map(({ path }) => path).toSorted(),
    "run conformance/proving/qemu/try_vectors.ts",
  );
});
