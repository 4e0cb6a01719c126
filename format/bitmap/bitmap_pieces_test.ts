import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteRequest, Walk } from "../bytes/walk.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { randomNumbers } from "../testing/random_numbers.ts";
import { type BitmapOrder, DEFAULT_BITMAP_ORDER } from "./bitmap_order.ts";
import { BitmapPieces } from "./bitmap_pieces.ts";
import { PageBitmap } from "./page_bitmap.ts";
import type { PageRun } from "./page_run.ts";

/** Pages of a piece, and bytes of its bits. */
const PIECE = 131_072;
const PIECE_BYTES = PIECE / 8;
const OFFSET = 100;

function piecesOf(
  runs: readonly (readonly [number, number])[],
  pageCount: number,
  order: BitmapOrder = DEFAULT_BITMAP_ORDER,
): { file: ByteFile; pieces: BitmapPieces } {
  const bitmap = new PageBitmap(pageCount);
  for (const [first, end] of runs) {
    for (let page = first; page < end; page++) bitmap.set(page);
  }
  const bytes = new Uint8Array(OFFSET + bitmap.bytes.length);
  bytes.set(bitmap.bytes, OFFSET);
  return {
    file: new ByteFile(bytes),
    pieces: new BitmapPieces(pageCount, { offset: OFFSET, order }),
  };
}

function* allRuns(pieces: BitmapPieces): Walk<PageRun[]> {
  const runs: PageRun[] = [];
  for (let from = 0;;) {
    const run = yield* pieces.nextRun(from, pieces.pageCount);
    if (run === undefined) return runs;
    runs.push(run);
    from = run.end;
  }
}

test("isSet() fetches the piece of a page once", () => {
  const { file, pieces } = piecesOf([[5, 6]], 3 * PIECE);
  assert.equal(pieces.peek(5), undefined);
  assert.equal(file.run(pieces.isSet(5)), true);
  assert.equal(file.run(pieces.isSet(6)), false);
  assert.equal(pieces.peek(5), true);
  assert.equal(pieces.peek(PIECE), undefined);
  assert.equal(file.run(pieces.isSet(2 * PIECE)), false);
  assert.deepEqual(
    file.requests.map(({ offset, length }) => [offset, length]),
    [[OFFSET, PIECE_BYTES], [OFFSET + 2 * PIECE_BYTES, PIECE_BYTES]],
  );
});

test("isSet() fetches no more than the words of the last piece", () => {
  const { file, pieces } = piecesOf([], PIECE + 65);
  file.run(pieces.isSet(PIECE + 64));
  assert.deepEqual(file.requests, [{
    offset: OFFSET + PIECE_BYTES,
    length: 16,
  }]);
  const small = new BitmapPieces(33, {
    offset: OFFSET,
    order: { byteOrder: "little", wordSize: 4 },
  });
  file.run(small.isSet(0));
  assert.equal(file.requests[1].length, 8);
});

test("count() counts bits across pieces", () => {
  const { file, pieces } = piecesOf(
    [[0, 1], [PIECE - 1, PIECE + 1], [2 * PIECE + 5, 2 * PIECE + 9]],
    3 * PIECE,
  );
  const count = (first: number, end: number) =>
    file.run(pieces.count(first, end));
  assert.equal(count(0, 3 * PIECE), 7);
  assert.equal(count(PIECE - 1, PIECE), 1);
  assert.equal(count(PIECE - 1, 2 * PIECE + 6), 3);
  assert.equal(count(5, 5), 0);
});

test("nextRun() finds each run once, also across pieces", () => {
  const runs = [
    [0, 1],
    [PIECE - 1, PIECE + 1],
    [2 * PIECE, 2 * PIECE + 3],
    [3 * PIECE - 5, 5 * PIECE],
  ] as const;
  const { file, pieces } = piecesOf(runs, 5 * PIECE);
  assert.deepEqual(
    file.run(allRuns(pieces)),
    runs.map(([first, end]) => ({ first, end })),
  );
  assert.equal(file.requests.length, 5);
});

test("nextRun() stops at the given end", () => {
  const { file, pieces } = piecesOf([[10, 20]], 100);
  assert.deepEqual(file.run(pieces.nextRun(0, 15)), { first: 10, end: 15 });
  assert.deepEqual(file.run(pieces.nextRun(12, 100)), { first: 12, end: 20 });
  assert.equal(file.run(pieces.nextRun(0, 10)), undefined);
  assert.equal(file.run(pieces.nextRun(20, 100)), undefined);
  assert.equal(file.run(pieces.nextRun(5, 5)), undefined);
});

test("runAt() returns runs of set and of clear bits, in any word order", () => {
  const random = randomNumbers(3);
  for (const byteOrder of ["little", "big"] as const) {
    const pages = Array.from({ length: 300 }, () => random(3) > 0);
    const bitmap = new PageBitmap(300);
    pages.forEach((present, page) => present && bitmap.set(page));
    const bytes = bitmap.bytes.slice();
    const order: BitmapOrder = { byteOrder, wordSize: 8 };
    if (byteOrder === "big") {
      for (let word = 0; word < bytes.length; word += 8) {
        bytes.subarray(word, word + 8).reverse();
      }
    }
    const file = new ByteFile(bytes);
    const pieces = new BitmapPieces(300, { offset: 0, order });
    for (let first = 0; first < 300; first++) {
      const end = first + 1 + random(300 - first);
      const differing = pages.findIndex((it, page) =>
        page > first && it !== pages[first]
      );
      assert.deepEqual(file.run(pieces.runAt(first, end)), {
        first,
        end: Math.min(end, differing === -1 ? 300 : differing),
        present: pages[first],
      });
    }
  }
});

test("BitmapPieces drops the least recently used piece", () => {
  const { file, pieces } = piecesOf([[257 * PIECE, 257 * PIECE + 1]], 2 ** 26);
  for (let number = 0; number < 256; number++) {
    file.run(pieces.isSet(number * PIECE));
  }
  assert.equal(file.requests.length, 256);
  assert.equal(pieces.peek(0), false); // used again, so not the oldest
  assert.equal(file.run(pieces.isSet(257 * PIECE)), true);
  assert.equal(pieces.peek(1 * PIECE), undefined);
  assert.equal(pieces.peek(0), false);
  assert.equal(pieces.peek(2 * PIECE), false);
  assert.equal(file.run(pieces.isSet(1 * PIECE)), false);
  assert.equal(file.requests.length, 258);
});

test("BitmapPieces finds pages whose index is above 2^32", () => {
  const page = 2 ** 40 + 12_345;
  const pieces = new BitmapPieces(2 ** 41, {
    offset: 1000,
    order: DEFAULT_BITMAP_ORDER,
  });
  const requests: ByteRequest[] = [];
  function run<T>(walk: Walk<T>): T {
    let step = walk.next();
    while (!step.done) {
      const { offset, length } = step.value;
      requests.push(step.value);
      const bytes = new Uint8Array(length);
      const at = 1000 + Math.floor(page / 8) - offset;
      if (at >= 0 && at < length) bytes[at] = 1 << page % 8;
      step = walk.next(bytes);
    }
    return step.value;
  }
  assert.equal(run(pieces.isSet(page)), true);
  assert.equal(run(pieces.isSet(page - 1)), false);
  assert.deepEqual(run(pieces.nextRun(page - 10, 2 ** 41)), {
    first: page,
    end: page + 1,
  });
  assert.deepEqual(requests, [
    { offset: 1000 + 2 ** 37, length: PIECE_BYTES },
  ]);
});

test("peekRunEnd() looks 1024 pages ahead, only at bits in memory", () => {
  const { file, pieces } = piecesOf([[0, 10], [20, 4000]], PIECE + 1);
  assert.equal(pieces.peekRunEnd(3), 4);
  file.run(pieces.isSet(0));
  assert.equal(pieces.peekRunEnd(3), 10);
  assert.equal(pieces.peekRunEnd(20), 1044);
  assert.equal(pieces.peekRunEnd(3999), 4000);
  assert.equal(pieces.peekRunEnd(PIECE), PIECE + 1);
  const later = piecesOf([[PIECE + 5, PIECE + 9]], 2 * PIECE);
  later.file.run(later.pieces.isSet(PIECE));
  assert.equal(later.pieces.peekRunEnd(PIECE + 5), PIECE + 9);
});

test("runAt() stops at the given end in any piece", () => {
  const { file, pieces } = piecesOf([[10, 2 * PIECE]], 3 * PIECE);
  for (const end of [20, PIECE, PIECE + 1, 2 * PIECE - 1, 2 * PIECE]) {
    const run = { first: 10, end, present: true };
    assert.deepEqual(file.run(pieces.runAt(10, end)), run);
  }
});

test("copyInto() copies the bits of the pages, and none after them", () => {
  const runs = [[3, 9], [PIECE - 1, PIECE + 1], [2 * PIECE, 2 * PIECE + 16]];
  // Up to 3 of 16 bits are after the last page, and belong to no page.
  for (const paddingBits of [3, 1, 0, -48]) {
    const { file } = piecesOf(
      runs.map(([first, end]) => [first, end] as const),
      2 * PIECE + 64,
    );
    const pageCount = 2 * PIECE + 16 - paddingBits;
    const pieces = new BitmapPieces(pageCount, {
      offset: OFFSET,
      order: DEFAULT_BITMAP_ORDER,
    });
    const byteLength = Math.ceil(pageCount / 8);
    const bytes = new Uint8Array(byteLength).fill(0xa5);
    const copy = new PageBitmap(pageCount, bytes);
    file.run(pieces.copyInto(copy));
    assert.deepEqual([...copy.runs()], file.run(allRuns(pieces)));
    assert.equal(
      bytes[byteLength - 1],
      paddingBits < 0 ? 0 : 0xff >> paddingBits,
    );
    assert.throws(
      () => file.run(pieces.copyInto(new PageBitmap(pageCount - 1))),
      RangeError,
    );
  }
  const { file, pieces } = piecesOf([], 0);
  file.run(pieces.copyInto(new PageBitmap(0)));
  assert.deepEqual(file.requests, []);
});

test("isPaddingClear() fetches only the last piece", () => {
  const { file, pieces } = piecesOf([], PIECE + 3);
  assert.equal(file.run(pieces.isPaddingClear()), true);
  assert.equal(file.requests.length, 1);
  const dirty = new BitmapPieces(3, { offset: 0, order: DEFAULT_BITMAP_ORDER });
  const bits = new Uint8Array([0b1000, 0, 0, 0, 0, 0, 0, 0]);
  assert.equal(new ByteFile(bits).run(dirty.isPaddingClear()), false);
  for (const pageCount of [1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE]) {
    const { file, pieces } = piecesOf([[0, pageCount]], pageCount);
    assert.equal(file.run(pieces.isPaddingClear()), true);
    const start = pageCount > PIECE ? PIECE_BYTES : 0;
    assert.deepEqual(file.requests.map((it) => it.offset), [OFFSET + start]);
  }
  const one = new BitmapPieces(1, { offset: 0, order: DEFAULT_BITMAP_ORDER });
  assert.equal(new ByteFile(bits).run(one.isPaddingClear()), false);
  const none = new BitmapPieces(0, { offset: 0, order: DEFAULT_BITMAP_ORDER });
  assert.equal(file.run(none.isPaddingClear()), true);
  assert.equal(file.requests.length, 1);
});
