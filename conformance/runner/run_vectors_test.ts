import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runReader } from "./run_reader.ts";
import { suiteVectors } from "./suite_vectors.ts";

const RUNNER = fileURLToPath(new URL("run_vectors.py", import.meta.url));
const READER = fileURLToPath(
  new URL("../readers/mapped_ram_reader.py", import.meta.url),
);
const LINES_MAX = 150;
/** A part of the vectors with each class, refusals and large files. */
const ONLY = "valid/";
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  "the reader in Python": ["python3", READER],
  "a program that refuses everything": [
    "echo",
    '{"error": {"kind": "format"}}',
  ],
};
const SKIP = spawnSync("python3", ["--version"]).status === 0 ||
    env.MAPPED_RAM_REQUIRE_PYTHON === "1"
  ? false
  : "there is no python3";

test(`the runner in Python has at most ${LINES_MAX} lines`, () => {
  const lines = readFileSync(RUNNER, "utf8").trimEnd().split("\n");
  assert(lines.length <= LINES_MAX, `${lines.length}`);
});

for (const [name, program] of Object.entries(PROGRAMS)) {
  test(`both runners judge ${name} alike`, {
    skip: SKIP,
    timeout: 900_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "mapped-ram-python-"));
    try {
      const file = join(folder, "report.json");
      const only = name.includes("Python") ? "valid/s" : ONLY;
      const { stderr } = spawnSync(
        "python3",
        [RUNNER, "--only", only, "--json", file, ...program],
        { encoding: "utf8" },
      );
      assert.equal(stderr, "");
      const vectors = suiteVectors().filter(({ path }) => path.includes(only));
      const results = await runReader(program, vectors, {
        jobs: availableParallelism(),
        timeoutMs: 60_000,
        strict: false,
      });
      assert.deepEqual(
        JSON.parse(readFileSync(file, "utf8")),
        results.map(({ name, classes }) => ({ name, classes })),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
