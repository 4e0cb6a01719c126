import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteFile } from "../testing/byte_file.ts";
import { randomNumbers } from "../testing/random_numbers.ts";
import { DEFAULT_BITMAP_ORDER } from "./bitmap_order.ts";
import { BitmapPieces } from "./bitmap_pieces.ts";
import { pageRunRange } from "./layout.ts";
import { PageBitmap } from "./page_bitmap.ts";
import { readBlockRange } from "./page_walk.ts";

const PAGE = 256;
const PAGES_OFFSET = 0x1000;
const PLACE = { pageSize: PAGE, pagesOffset: PAGES_OFFSET };

/**
 * A block that stores all its pages, and marks only some of them as present.
 */
function blockOf(present: readonly boolean[]) {
  const bitmap = new PageBitmap(present.length);
  present.forEach((it, page) => it && bitmap.set(page));
  const bytes = new Uint8Array(PAGES_OFFSET + present.length * PAGE).fill(0xee);
  bytes.set(bitmap.bytes);
  const memory = new Uint8Array(present.length * PAGE);
  const stored = bytes.subarray(PAGES_OFFSET);
  present.forEach((it, page) => {
    const start = page * PAGE;
    stored.fill(it ? page % 251 + 1 : 0xdd, start, start + PAGE);
    if (it) memory.fill(page % 251 + 1, start, start + PAGE);
  });
  const file = new ByteFile(bytes);
  const pieces = new BitmapPieces(present.length, {
    offset: 0,
    order: DEFAULT_BITMAP_ORDER,
  });
  file.run(pieces.isSet(0));
  file.requests.length = 0;
  return { file, pieces, memory };
}

test("readBlockRange() reads any range of any block into dirty memory", () => {
  const random = randomNumbers(5);
  for (let round = 0; round < 200; round++) {
    const present = Array.from({ length: 1 + random(40) }, () => random(2) > 0);
    const { file, pieces, memory } = blockOf(present);
    const offset = random(memory.length + 1);
    const length = random(memory.length - offset + 1);
    const target = new Uint8Array(length).fill(0xa5);
    file.run(readBlockRange({ ...PLACE, bitmap: pieces }, { target, offset }));
    assert.deepEqual(target, memory.slice(offset, offset + length));
  }
});

test("readBlockRange() makes one request a run, straight into the target", () => {
  const present = [true, true, false, false, true, false, true, true, true];
  const { file, pieces } = blockOf(present);
  const target = new Uint8Array(8 * PAGE);
  file.run(
    readBlockRange({ ...PLACE, bitmap: pieces }, { target, offset: PAGE / 2 }),
  );
  assert.deepEqual(
    file.requests.map(({ offset, length }) => [offset - PAGES_OFFSET, length]),
    [[PAGE / 2, 1.5 * PAGE], [4 * PAGE, PAGE], [6 * PAGE, 2.5 * PAGE]],
  );
  assert(file.requests.every((it) => it.target?.buffer === target.buffer));
});

test("readBlockRange() makes no request for an empty range", () => {
  const { file, pieces } = blockOf([true]);
  for (const offset of [0, 1, PAGE]) {
    file.run(readBlockRange({ ...PLACE, bitmap: pieces }, {
      target: new Uint8Array(0),
      offset,
    }));
  }
  assert.equal(file.requests.length, 0);
});

test("pageRunRange() returns the bytes of a run in the file", () => {
  assert.deepEqual(pageRunRange(PLACE, { first: 2, end: 5 }), {
    offset: PAGES_OFFSET + 2 * PAGE,
    length: 3 * PAGE,
  });
});
