/**
 * Reads the block dirty bitmaps of the vectors.
 *
 * @module
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySource, openSnapshotSync, RuleError } from "../../mod.ts";
import { dirtyBitmaps } from "../../reference/doors/convert.ts";
import { listVectors, type Vector } from "../vectors/list_vectors.ts";

const VECTORS = listVectors().filter(({ expected }) =>
  expected.dirtyBitmaps ?? expected.dirtyBitmapsError
);

test("there are vectors of dirty bitmaps", () => {
  assert(VECTORS.length > 8);
});

for (const vector of VECTORS) {
  test(`dirtyBitmaps() reads vectors/${vector.path} as expected`, () =>
    checkBitmaps(vector));
}

async function checkBitmaps({ expected, unpack }: Vector): Promise<void> {
  const source = memorySource(unpack());
  const snapshot = openSnapshotSync(source, expected.options);
  const ranges: [string, number, number][] = [];
  const reading = dirtyBitmaps(snapshot, {
    onDirty({ node, name }, { offset, length }) {
      ranges.push([`${node} ${name}`, offset, length]);
    },
  });
  if (expected.dirtyBitmapsError !== undefined) {
    const { rule, offset } = expected.dirtyBitmapsError;
    await assert.rejects(reading, (error) => {
      assert(error instanceof RuleError);
      assert.deepEqual([error.rule, error.offset], [rule, offset]);
      return true;
    });
    return;
  }
  const found = (await reading).map((bitmap) => ({
    ...bitmap,
    ranges: ranges
      .filter(([key]) => key === `${bitmap.node} ${bitmap.name}`)
      .map(([, offset, length]) => [offset, length]),
  }));
  assert.deepEqual(found, expected.dirtyBitmaps);
}
