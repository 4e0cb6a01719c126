import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { RULES, type RuleSlug } from "./rules/rules.ts";

const FORMAT = new URL("./", import.meta.url);
/** Files that list rules, and do not check them. */
const LISTS = [
  ...["rules.ts", "dialect_rules.ts", "verity_rules.ts", "qcow2_rules.ts"],
  "rule_slug.ts",
];

/** The code of format/, and that of reference/, which makes further checks. */
const CODE = [
  FORMAT,
  new URL("../reference/", import.meta.url),
].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith("_test.ts"))
    .filter((name) => !LISTS.includes(basename(name)))
    .map((name) => readFileSync(new URL(name, folder), "utf8"))
).join("\n");

test("every rule of kind refuse or write is named in a check", () => {
  const unused = (Object.keys(RULES) as RuleSlug[])
    .filter((rule) => ["refuse", "write"].includes(RULES[rule].kind))
    .filter((rule) => !CODE.includes(`"${rule}"`));
  assert.deepEqual(unused, []);
});

test("no error names a rule that does not exist", () => {
  const calls = CODE.matchAll(
    /(?:formatError|unsupportedError|unsupported)\(\s*"([a-z0-9-]+)"/g,
  );
  const named = [...calls].map(([, rule]) => rule);
  assert(named.length > 30, `${named.length}`);
  assert.deepEqual(named.filter((rule) => !Object.hasOwn(RULES, rule)), []);
});
