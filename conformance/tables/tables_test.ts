import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { RULES } from "../../mod.ts";
import { TRIALS, type Trials } from "../proving/qemu/trials.ts";
import {
  listPackedVectors,
  listVectors,
  listVerityVectors,
} from "../vectors/list_vectors.ts";
import { README, withTables } from "./readme_tables.ts";
import { listRules, RULES_JSON } from "./rules_json.ts";
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

test("rules.json lists the rules of the code and the errors of SPEC.md", () => {
  assert.deepEqual(
    JSON.parse(readFileSync(RULES_JSON, "utf8")),
    JSON.parse(JSON.stringify(listRules())),
    "run conformance/tables/write_tables.ts",
  );
  const rules = new Map(listRules().map((it) => [it.slug, it]));
  assert.deepEqual(rules.get("capability-known")?.error, {
    kinds: ["format", "unsupported"],
    positions: ["length before the text"],
  });
  assert.deepEqual(rules.get("ram-total")?.error, {
    kinds: ["format"],
    positions: [
      "too much: used_length that exceeds it",
      "too little: the EOS word",
    ],
  });
  assert.equal(rules.get("bitmap-order")?.error, undefined);
});

test("each vector expects an error of a kind that rules.json gives", () => {
  const rules = new Map(listRules().map((it) => [it.slug, it]));
  const vectors = [
    ...listVectors(),
    ...listVerityVectors(),
    ...listPackedVectors(),
  ];
  for (const { path, expected } of vectors) {
    const { error, sequentialError, dirtyBitmapsError } = expected;
    const { profileError, verityError } = expected;
    for (
      const it of [
        ...[error, sequentialError, dirtyBitmapsError],
        ...[profileError, verityError, expected.packedError],
      ]
    ) {
      if (it === undefined) continue;
      const kinds = rules.get(it.rule)?.error?.kinds ?? [];
      assert.ok(kinds.includes(it.kind), `${path}: ${it.kind} ${it.rule}`);
    }
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
