import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteRange } from "../../format/bytes/mod.ts";
import {
  type DirtyBitmapContent,
  loadDirtyBitmaps,
} from "./load_dirty_bitmaps.ts";

function bitmap(
  name: string,
  ranges: readonly (readonly [number, number])[],
  more: Partial<DirtyBitmapContent> = {},
): DirtyBitmapContent {
  return {
    node: "n",
    name,
    granularity: 512,
    enabled: true,
    persistent: false,
    complete: true,
    coveredBytes: 4096,
    dirtyBytes: ranges.reduce((sum, [, length]) => sum + length, 0),
    ranges: ranges.map(([offset, length]): ByteRange => ({ offset, length })),
    ...more,
  };
}

test("loadDirtyBitmaps() creates a bitmap that does not exist", () => {
  const { bitmaps, dropped } = loadDirtyBitmaps(
    [bitmap("a", [[0, 512]])],
    [bitmap("b", [[512, 512]]), bitmap("a", [[0, 512]], { node: "other" })],
  );
  assert.deepEqual(bitmaps.map((it) => [it.node, it.name]), [
    ["n", "a"],
    ["n", "b"],
    ["other", "a"],
  ]);
  assert.deepEqual(dropped, []);
});

test("loadDirtyBitmaps() merges what is dirty in either", () => {
  const present = [bitmap("a", [[0, 512], [2048, 1024]], { persistent: true })];
  const before = structuredClone(present);
  const { bitmaps } = loadDirtyBitmaps(present, [
    bitmap("a", [[512, 512], [2560, 1024]], { enabled: false }),
  ]);
  assert.deepEqual(bitmaps, [
    bitmap("a", [[0, 1024], [2048, 1536]], { persistent: true }),
  ]);
  assert.deepEqual(present, before);
});

test("loadDirtyBitmaps() drops unreliable bitmaps, and reports the consequence", () => {
  const present = [bitmap("a", [[0, 512]])];
  const { bitmaps, dropped } = loadDirtyBitmaps(present, [
    bitmap("a", [[4096, 4096]], { granularity: 4096 }),
    bitmap("b", [], { complete: false }),
  ]);
  assert.deepEqual(bitmaps, present);
  assert.deepEqual(dropped.map((it) => it.reason), [
    'Cannot load dirty bitmap "a" of "n": its granularity is 4096, ' +
    "expected 512; the next backup of it must be full",
    'Cannot load dirty bitmap "b" of "n": some of its bits are missing; ' +
    "the next backup of it must be full",
  ]);
});
