import assert from "node:assert/strict";
import { test } from "node:test";
import { WantedRanges } from "./wanted_ranges.ts";

test("WantedRanges passes on only the wanted parts of the bytes", async () => {
  const ranges = [[100, 110], [105, 120], [130, 130], [140, 150]]
    .map(([start, end]) => ({ offset: start, length: end - start }));
  const taken: [index: number, position: number, bytes: number[]][] = [];
  const wanted = new WantedRanges(ranges, (bytes, index, position) => {
    taken.push([index, position, [...bytes]]);
  });
  assert.deepEqual(wanted.within({ offset: 100, length: 50 }), [0, 1, 2, 3]);
  assert.deepEqual(wanted.within({ offset: 101, length: 49 }), [1, 2, 3]);
  assert.deepEqual(wanted.within({ offset: 100, length: 49 }), [0, 1, 2]);
  const from = (start: number, end: number) =>
    Uint8Array.from({ length: end - start }, (_, at) => start + at);
  await wanted.hand(from(108, 110), 108, { inside: [0, 1, 2, 3] });
  assert.deepEqual(taken.splice(0), [[0, 8, [108, 109]], [1, 3, [108, 109]]]);
  await wanted.hand(from(110, 142), 110, { inside: [0, 1, 2, 3] });
  const rest = [110, 111, 112, 113, 114, 115, 116, 117, 118, 119];
  assert.deepEqual(taken.splice(0), [[1, 5, rest], [3, 0, [140, 141]]]);
  await wanted.hand(from(100, 150), 100, { inside: [] });
  assert.deepEqual(taken, []);
});
