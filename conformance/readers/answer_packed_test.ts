import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { suiteVectors } from "../runner/suite_vectors.ts";
import { answerPacked } from "./answer_packed.ts";

const VECTORS = suiteVectors().filter(({ classes }) =>
  classes.includes("packed")
);

test("there are vectors of packed snapshots, with backing files", () => {
  assert.ok(VECTORS.length > 100, `${VECTORS.length}`);
  assert.ok(VECTORS.some((it) => it.unpackBackingTo !== undefined));
});

for (const { path, expected, ...vector } of VECTORS) {
  test(`${path} is read as expected`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "mapped-ram-packed-"));
    try {
      const file = join(folder, "snapshot");
      vector.unpackTo(file);
      vector.unpackBackingTo?.(folder);
      const { packed, packedError } = expected;
      assert.deepEqual(
        await answerPacked(file),
        packed === undefined ? { packedError } : { packed },
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
