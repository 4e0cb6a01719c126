import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { judgeAnswer } from "../runner/judge_answer.ts";
import { suiteVectors } from "../runner/suite_vectors.ts";

const READER = fileURLToPath(new URL("verity_reader.py", import.meta.url));
const LINES_MAX = 150;
const SKIP = spawnSync("python3", ["--version"]).status === 0 ||
    env.MAPPED_RAM_REQUIRE_PYTHON === "1"
  ? false
  : "there is no python3";
const VECTORS = suiteVectors().flatMap((vector) => {
  const { unpackSidecarTo } = vector;
  return unpackSidecarTo === undefined ? [] : [{ ...vector, unpackSidecarTo }];
});

/** Calls `body` with a scratch folder. */
function withFolder(body: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-verity-"));
  try {
    body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs the reader with each list of arguments; returns its answers. */
function ask(lists: readonly (readonly string[])[]): unknown[] {
  const { stdout, stderr } = spawnSync("python3", [READER], {
    input: lists.map((it) => `${JSON.stringify(it)}\n`).join(""),
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

test(`the reader of sidecars in Python has at most ${LINES_MAX} lines`, () => {
  const lines = readFileSync(READER, "utf8").trimEnd().split("\n");
  assert(lines.length <= LINES_MAX, `${lines.length}`);
  assert(lines.every((line) => line.length <= 101));
});

test("a reader written only from section 14 reads each vector as expected", {
  skip: SKIP,
  timeout: 300_000,
}, () => {
  withFolder((folder) => {
    const lists = VECTORS.map(({ expected, ...vector }, index) => {
      const file = join(folder, String(index));
      vector.unpackTo(file);
      vector.unpackSidecarTo(`${file}.verity`);
      const { digest = "" } = expected.options ?? {};
      return [file, `--verity=${file}.verity`, `--digest=${digest}`];
    });
    for (const [index, answer] of ask(lists).entries()) {
      const { path, expected } = VECTORS[index];
      const { state, reasons, remarks } = judgeAnswer(answer, expected);
      assert.deepEqual([state, reasons, remarks], ["pass", [], []], path);
    }
  });
});

// By the digest of fsverity, each of its hash blocks is that of fsverity.
test("a sidecar that it writes is that of fsverity, with holes", {
  skip: SKIP,
  timeout: 300_000,
}, () => {
  withFolder((folder) => {
    const sealed = VECTORS.filter(({ expected }) => expected.seal);
    const files = sealed.map(({ unpackTo }, index) => {
      const file = join(folder, String(index));
      unpackTo(file);
      return file;
    });
    const digests = ask(files.map((file) => ["--seal", file, `${file}.out`]));
    const answers = ask(files.map((file, index) => [
      ...[file, `--verity=${file}.out`],
      `--digest=${sealed[index].expected.seal?.digest}`,
    ]));
    for (const [index, { path, expected }] of sealed.entries()) {
      const { digest } = expected.seal ?? {};
      assert.deepEqual(digests[index], { digest }, path);
      assert.equal(judgeAnswer(answers[index], expected).state, "pass", path);
    }
  });
});
