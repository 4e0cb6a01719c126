import assert from "node:assert/strict";
import { test } from "node:test";
import { randomNumbers } from "../testing/random_numbers.ts";
import { PageBitmap } from "./page_bitmap.ts";
import type { PageRun } from "./page_run.ts";

/** A bitmap of random runs, and the same pages as a plain array. */
function randomBitmap(
  random: (limit: number) => number,
  pageCount: number,
): { bitmap: PageBitmap; pages: boolean[] } {
  const bitmap = new PageBitmap(pageCount);
  const pages = new Array<boolean>(pageCount).fill(false);
  for (let page = 0; page < pageCount;) {
    const present = random(2) === 1;
    const end = Math.min(pageCount, page + 1 + random(random(2) ? 40 : 3));
    for (; page < end; page++) {
      pages[page] = present;
      if (present) bitmap.set(page);
    }
  }
  return { bitmap, pages };
}

function nextOf(
  pages: readonly boolean[],
  wanted: boolean,
  from: number,
  end: number,
): number {
  for (let page = from; page < end; page++) {
    if (pages[page] === wanted) return page;
  }
  return end;
}

function runsOf(pages: readonly boolean[]): PageRun[] {
  const runs: PageRun[] = [];
  for (let page = 0; page < pages.length;) {
    const first = nextOf(pages, true, page, pages.length);
    page = nextOf(pages, false, first, pages.length);
    if (first < page) runs.push({ first, end: page });
  }
  return runs;
}

test("PageBitmap agrees with an array of booleans", () => {
  const random = randomNumbers(1);
  for (let round = 0; round < 300; round++) {
    const pageCount = random(200);
    const { bitmap, pages } = randomBitmap(random, pageCount);
    assert.deepEqual(pages.map((_, page) => bitmap.isSet(page)), pages);
    assert.deepEqual([...bitmap.runs()], runsOf(pages));
    assert.equal(bitmap.count(), pages.filter((it) => it).length);
    for (let look = 0; look < 50; look++) {
      const from = random(pageCount + 1);
      const end = from + random(pageCount - from + 1);
      assert.equal(
        bitmap.count(from, end),
        pages.slice(from, end).filter((it) => it).length,
      );
      const what = `[${from}, ${end}) of ${pages.map(Number).join("")}`;
      assert.equal(
        bitmap.nextSet(from, end),
        nextOf(pages, true, from, end),
        what,
      );
      assert.equal(
        bitmap.nextClear(from, end),
        nextOf(pages, false, from, end),
        what,
      );
    }
  }
});

test("PageBitmap agrees with an array when bits are set and cleared", () => {
  const random = randomNumbers(2);
  const bitmap = new PageBitmap(1000);
  const pages = new Array<boolean>(1000).fill(false);
  for (let step = 0; step < 5000; step++) {
    const page = random(1000);
    const present = random(3) === 0;
    if (present) bitmap.set(page);
    else bitmap.clear(page);
    pages[page] = present;
  }
  assert.deepEqual([...bitmap.runs()], runsOf(pages));
});

test("PageBitmap stores page n in bit n & 7 of byte n >> 3", () => {
  for (let page = 0; page < 130; page++) {
    const bitmap = new PageBitmap(130);
    bitmap.set(page);
    const expected = new Uint8Array(24);
    expected[page >> 3] = 1 << (page & 7);
    assert.deepEqual(bitmap.bytes, expected);
    bitmap.clear(page);
    assert.deepEqual(bitmap.bytes, new Uint8Array(24));
  }
});

test("PageBitmap() allocates whole words of 8 bytes by default", () => {
  const lengths = [0, 1, 64, 65, 128].map((it) =>
    new PageBitmap(it).bytes.length
  );
  assert.deepEqual(lengths, [0, 8, 8, 16, 16]);
});

test("PageBitmap() does not copy its bytes, and refuses too few", () => {
  const bytes = new Uint8Array(2);
  new PageBitmap(16, bytes).set(15);
  assert.deepEqual([...bytes], [0, 0x80]);
  assert.throws(() => new PageBitmap(17, bytes), RangeError);
});

test("runs() ignores bits after the last page", () => {
  for (const pageCount of [1, 7, 8, 9, 63]) {
    const bitmap = new PageBitmap(pageCount, new Uint8Array(8).fill(0xff));
    assert.deepEqual([...bitmap.runs()], [{ first: 0, end: pageCount }]);
    assert.equal(bitmap.nextClear(0), pageCount);
    bitmap.bytes.fill(0);
    bitmap.set(pageCount); // in the padding
    assert.equal(bitmap.nextSet(0), pageCount);
    assert.equal(bitmap.count(), 0);
  }
  assert.deepEqual([...new PageBitmap(0).runs()], []);
});

test("isPaddingClear() checks only the bits after the last page", () => {
  for (let pageCount = 0; pageCount <= 64; pageCount++) {
    const bitmap = new PageBitmap(pageCount, new Uint8Array(8));
    for (let page = 0; page < pageCount; page++) bitmap.set(page);
    assert.equal(bitmap.isPaddingClear(), true, `${pageCount}`);
    for (let page = pageCount; page < 64; page++) {
      bitmap.set(page);
      assert.equal(bitmap.isPaddingClear(), false, `${pageCount}, ${page}`);
      bitmap.clear(page);
    }
  }
});
