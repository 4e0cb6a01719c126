import assert from "node:assert/strict";
import { test } from "node:test";
import { PageBitmap } from "../../../mod.ts";
import { arbitraries, PROPERTY_OPTIONS } from "./testing/machine_model.ts";

test(
  "PageBitmap agrees with a set of numbers",
  PROPERTY_OPTIONS,
  async () => {
    const { fc } = await arbitraries();
    const step = fc.tuple(fc.boolean(), fc.nat());
    const steps = fc.array(step, { maxLength: 80 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        steps,
        (pageCount, list) => {
          const bitmap = new PageBitmap(pageCount);
          const naive = new Set<number>();
          for (const [isSet, number] of list) {
            const page = number % pageCount;
            if (isSet) bitmap.set(page), naive.add(page);
            else bitmap.clear(page), naive.delete(page);
          }
          checkBitmap(bitmap, naive);
        },
      ),
      { numRuns: 300 },
    );
  },
);

function checkBitmap(bitmap: PageBitmap, naive: ReadonlySet<number>): void {
  const { pageCount } = bitmap;
  const pages = Array.from({ length: pageCount }, (_, page) => page);
  for (const page of pages) {
    assert.equal(bitmap.isSet(page), naive.has(page));
    assert.equal(
      bitmap.nextSet(page),
      pages.find((it) => it >= page && naive.has(it)) ?? pageCount,
    );
    assert.equal(
      bitmap.nextClear(page),
      pages.find((it) => it >= page && !naive.has(it)) ?? pageCount,
    );
    const end = (page * 7 + 3) % (pageCount + 1);
    assert.equal(
      bitmap.nextSet(page, end),
      pages.find((it) => it >= page && it < end && naive.has(it)) ?? end,
    );
  }
  const listed = [...bitmap.runs()].flatMap(({ first, end }) =>
    pages.slice(first, end)
  );
  assert.deepEqual(listed, [...naive].toSorted((a, b) => a - b));
  assert.equal(bitmap.count(), naive.size);
  assert.equal(bitmap.isPaddingClear(), true);
  if (pageCount % 64 === 0) return;
  // Bits after the last page only affect isPaddingClear().
  bitmap.set(pageCount);
  assert.equal(bitmap.isPaddingClear(), false);
  assert.equal(bitmap.count(), naive.size);
}
