import assert from "node:assert/strict";
import { test } from "node:test";
import { PageBitmap, type PageRun } from "../../format/bitmap/mod.ts";
import { sharedBitmap, sharedWords } from "./atomic_bits.ts";
import { storePages } from "./store_pages.ts";

const COUNT = 200;

test("storePages() makes bits and places match the pages, whatever they were", () => {
  for (let round = 1; round < 200; round++) {
    let seed = round;
    const random = (limit: number) => {
      seed = Math.imul(seed, 1103515245) + 12345 >>> 0;
      return (seed >>> 8) % limit;
    };
    const bitmap = sharedBitmap(COUNT);
    const places = Array.from({ length: COUNT }, (_, page): number => {
      if (random(2) === 0) return 0;
      bitmap.set(page);
      return 1;
    });
    const first = random(COUNT);
    const end = first + 1 + random(COUNT - first);
    const nonZero = new PageBitmap(end - first);
    const wanted = places.slice();
    for (let page = first; page < end; page++) {
      wanted[page] = random(3) === 0 ? 0 : 2;
      if (wanted[page] !== 0) nonZero.set(page - first);
    }
    const pages = { first, end, nonZero: nonZero.runs() };
    for (const part of storePages(sharedWords(bitmap), pages)) {
      for (let page = part.first; page < part.end; page++) {
        assert.equal(part.isZero, !nonZero.isSet(page - first));
        places[page] = part.isZero ? 0 : 2;
      }
    }
    assert.deepEqual(places, wanted);
    const isSet = wanted.map((_, page) => bitmap.isSet(page));
    assert.deepEqual(isSet, wanted.map((value) => value !== 0));
  }
});

test("storePages() writes nothing for zero pages that were zero", () => {
  const words = sharedWords(sharedBitmap(COUNT));
  const none: PageRun[] = [];
  const pages = { first: 0, end: COUNT, nonZero: none };
  assert.deepEqual([...storePages(words, pages)], []);
});

test("storePages() keeps the bits of pages that could not be written", () => {
  const bitmap = sharedBitmap(COUNT);
  bitmap.set(3);
  const words = sharedWords(bitmap);
  const nonZero = [{ first: 4, end: 5 }];
  assert.throws(() => {
    for (const { first } of storePages(words, { first: 0, end: 9, nonZero })) {
      throw new RangeError(`page ${first}`);
    }
  }, /page 3/);
  assert(bitmap.isSet(3));
  assert(!bitmap.isSet(4));
});
