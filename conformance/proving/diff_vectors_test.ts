import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySource, openSnapshot } from "../../mod.ts";
import {
  diffSnapshots,
  type SnapshotDifference,
} from "../../reference/doors/convert.ts";
import { listVectors } from "../vectors/list_vectors.ts";

test("diffSnapshots() finds no difference between a vector and a copy of it", async () => {
  let count = 0;
  for (const { path, expected, unpack } of listVectors()) {
    if (expected.error !== undefined) continue;
    const bytes = unpack();
    if (bytes.length > 2 ** 28) continue;
    const [a, b] = await Promise.all(
      [bytes, bytes.slice()].map((it) =>
        openSnapshot(memorySource(it), expected.options)
      ),
    );
    // Pages that a file does not hold may differ.
    const isKnown = a.blocks.every((it) => !it.ignored);
    const expectedSame = isKnown ? true : undefined;
    const differences: SnapshotDifference[] = [];
    const same = await diffSnapshots(a, b, {
      onDifference(it) {
        differences.push(it);
      },
    }).then((it) => it.same, (error) => {
      // What follows the RAM is bad.
      assert.ok(expected.findings?.includes(error.rule), `${path}: ${error}`);
      return expectedSame;
    });
    assert.deepEqual([same, differences], [expectedSame, []], path);
    count++;
  }
  assert.ok(count > 100, `${count}`);
});
