import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { judgeAnswer } from "../runner/judge_answer.ts";
import { suiteVectors } from "../runner/suite_vectors.ts";

const READER = fileURLToPath(new URL("qcow2_reader.py", import.meta.url));
const SKIP = spawnSync("python3", ["--version"]).status === 0 ||
    env.MAPPED_RAM_REQUIRE_PYTHON === "1"
  ? false
  : "there is no python3";

test("a reader written only from section 15 reads each vector as expected", {
  skip: SKIP,
  timeout: 120_000,
}, () => {
  const vectors = suiteVectors().filter(({ classes }) =>
    classes.includes("packed")
  );
  assert.ok(vectors.length > 100);
  const scratch = mkdtempSync(join(tmpdir(), "mapped-ram-qcow2-"));
  try {
    const paths = vectors.map((vector, index) => {
      const folder = join(scratch, String(index));
      mkdirSync(folder);
      vector.unpackTo(join(folder, "snapshot"));
      vector.unpackBackingTo?.(folder);
      return join(folder, "snapshot");
    });
    const { stdout, stderr } = spawnSync("python3", [READER], {
      input: paths.map((it) => `${it}\n`).join(""),
      encoding: "utf8",
    });
    assert.equal(stderr, "");
    const answers = stdout.trimEnd().split("\n").map((it) => JSON.parse(it));
    assert.equal(answers.length, vectors.length);
    for (const [index, { path, expected }] of vectors.entries()) {
      const { state, reasons, remarks } = judgeAnswer(answers[index], expected);
      assert.deepEqual([state, reasons, remarks], ["pass", [], []], path);
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
