import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { env } from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { RULES } from "../../mod.ts";

const PROGRAM = fileURLToPath(new URL("find_mistakes.py", import.meta.url));
const MISTAKES: readonly {
  readonly name: string;
  readonly class: string;
  readonly rules: readonly string[];
}[] = JSON.parse(
  readFileSync(new URL("mistakes.json", import.meta.url), "utf8"),
);
const MISTAKES_MIN = 170;
const SKIP = spawnSync("python3", ["--version"]).status === 0 ||
    env.MAPPED_RAM_REQUIRE_PYTHON === "1"
  ? false
  : "there is no python3";

test("each mistake has a name of its own, and rules that exist", () => {
  const names = new Set(MISTAKES.map(({ name }) => name));
  assert(names.size >= MISTAKES_MIN, `${names.size}`);
  assert.equal(names.size, MISTAKES.length);
  for (const { name, rules } of MISTAKES) {
    for (const rule of rules) assert(rule in RULES, `${name}: ${rule}`);
  }
});

test("a vector of its class finds each mistake of a reader", {
  skip: SKIP,
  timeout: 900_000,
}, () => {
  const end = spawnSync("python3", [PROGRAM], { encoding: "utf8" });
  assert.equal(end.stderr, "");
  const found: Record<string, string | null> = JSON.parse(end.stdout);
  const missed = MISTAKES.filter(({ name }) => found[name] === null);
  assert.deepEqual(missed, []);
  assert.equal(Object.keys(found).length, MISTAKES.length);
  assert.equal(end.status, 0);
});
