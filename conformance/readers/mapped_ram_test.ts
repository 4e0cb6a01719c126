import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { judgeClasses } from "../runner/judge_classes.ts";
import type { Verdict } from "../runner/judge_answer.ts";
import { suiteVectors } from "../runner/suite_vectors.ts";
import { answer } from "./mapped_ram.ts";

/** Makes a difference in a rule or a position a failure, as `--strict` does. */
function strictly(verdict: Verdict): Verdict {
  return verdict.remarks.length === 0 ? verdict : { ...verdict, state: "fail" };
}

test("this repository's reader conforms to each class", {
  timeout: 900_000,
}, async () => {
  const scratch = mkdtempSync(join(tmpdir(), "mapped-ram-classes-"));
  try {
    const file = join(scratch, "snapshot"), verity = `${file}.verity`;
    for (const vector of suiteVectors()) {
      const { path, expected, classes, profile, unpackSidecarTo } = vector;
      unpackSidecarTo?.(verity);
      vector.unpackTo(file);
      vector.unpackBackingTo?.(scratch);
      const found = await answer(file, {
        ...expected.options,
        ...profile === undefined ? {} : { profile },
        ...unpackSidecarTo === undefined ? {} : { verity },
      });
      const states = judgeClasses(JSON.parse(JSON.stringify(found)), expected, {
        classes,
        adjust: strictly,
      });
      for (const [name, state] of Object.entries(states)) {
        assert.equal(state, "pass", `${path}: ${name}`);
      }
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
