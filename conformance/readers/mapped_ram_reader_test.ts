import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { judgeAnswer } from "../runner/judge_answer.ts";
import { judgeClasses } from "../runner/judge_classes.ts";
import { suiteVectors } from "../runner/suite_vectors.ts";
import type { ConformanceClass } from "../vectors/conformance_class.ts";

/** Set to 1 to require Python: the tests then fail without it. */
const REQUIRE = "MAPPED_RAM_REQUIRE_PYTHON";
const READER = fileURLToPath(new URL("mapped_ram_reader.py", import.meta.url));
const LINES_MAX = 200;
/** The classes that it conforms to. */
const CLASSES: readonly ConformanceClass[] = ["core", "foreign-bitmaps"];
const hasPython = spawnSync("python3", ["--version"]).status === 0;

test(`the reader in Python has at most ${LINES_MAX} lines`, () => {
  const lines = readFileSync(READER, "utf8").trimEnd().split("\n");
  assert(lines.length <= LINES_MAX, `${lines.length}`);
  assert(lines.every((line) => line.length <= 101));
});

test(
  "a reader written only from SPEC.md reads each vector as expected",
  {
    skip: hasPython || env[REQUIRE] === "1" ? false : "there is no python3",
    timeout: 300_000,
  },
  () => {
    const scratch = mkdtempSync(join(tmpdir(), "mapped-ram-python-"));
    try {
      const byOptions = Map.groupBy(
        suiteVectors().filter((it) => it.unpackSidecarTo === undefined),
        ({ expected }) => JSON.stringify(expected.options ?? {}),
      );
      for (const [options, vectors] of byOptions) {
        const files = vectors.map(({ unpackTo }, index) => {
          const file = join(scratch, String(index));
          unpackTo(file);
          return file;
        });
        const args = Object.entries(JSON.parse(options))
          .map(([name, value]) => `--${name}=${value}`);
        const lines = args.length === 0
          ? ask([], files.join("\n"))
          : files.flatMap((file) => ask([file, ...args], ""));
        for (const [index, { path, expected, classes }] of vectors.entries()) {
          const answer: unknown = JSON.parse(lines[index]);
          const verdict = judgeAnswer(answer, expected);
          const states = judgeClasses(answer, expected, {
            classes: classes.filter((it) => CLASSES.includes(it)),
          });
          for (const state of Object.values(states)) {
            assert.equal(state, "pass", path);
          }
          if (verdict.state === "not supported") {
            // It reads only the RAM of mapped-ram files, and reports others as
            // unsupported.
            assert.match(
              verdict.reasons.join(),
              /unsupported|not reported/,
              path,
            );
            continue;
          }
          const { state, reasons, remarks } = verdict;
          assert.deepEqual([state, reasons, remarks], ["pass", [], []], path);
        }
      }
    } finally {
      rmSync(scratch, { recursive: true });
    }
  },
);

function ask(args: readonly string[], input: string): string[] {
  const end = spawnSync("python3", [READER, ...args], {
    input,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  assert.equal(end.status, 0, end.stderr);
  return end.stdout.trimEnd().split("\n");
}
