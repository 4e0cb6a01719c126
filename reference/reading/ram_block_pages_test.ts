import assert from "node:assert/strict";
import { test } from "node:test";
import { PageBitmap } from "../../format/bitmap/mod.ts";
import { WatchedSource } from "../testing/watched_source.ts";
import { openSnapshot } from "./open_snapshot.ts";
import {
  FILE,
  openWatchedBlock,
  PAGE,
  PRESENT,
} from "./testing/watched_block.ts";

const RUNS = [[1, 3], [4, 5], [7, 12]].map(([first, end]) => ({ first, end }));

test("hasPage() finds the present pages by one read of the bitmap", async () => {
  const source = new WatchedSource(FILE);
  const block = (await openSnapshot(source)).block("ram");
  const opening = source.ranges.length;
  const present: number[] = [];
  for (let page = 0; page < block.pageCount; page++) {
    if (await block.hasPage(page)) present.push(page);
  }
  assert.deepEqual(present, PRESENT);
  assert.deepEqual(source.ranges.slice(opening), [
    { offset: block.bitmapOffset, length: 8 },
  ]);
});

test("presentPages() returns all bits, in the caller's bitmap if given", async () => {
  const { source, block } = await openWatchedBlock();
  const bitmap = await block.presentPages();
  assert.deepEqual([...bitmap.runs()], RUNS);
  const target = new PageBitmap(block.pageCount);
  assert.equal(await block.presentPages(target), target);
  assert.deepEqual([...target.runs()], RUNS);
  assert.deepEqual(source.ranges, [], "the bits had been read");
});

test("countPresent() counts, also within bounds", async () => {
  const { block } = await openWatchedBlock();
  assert.equal(await block.countPresent(), PRESENT.length);
  for (let first = 0; first <= block.pageCount; first++) {
    for (let end = first; end <= block.pageCount; end++) {
      const expected = PRESENT.filter((it) => it >= first && it < end).length;
      assert.equal(await block.countPresent({ first, end }), expected);
      assert.equal(block.countPresentSync({ first, end }), expected);
    }
  }
  const end = block.pageCount + 1;
  await assert.rejects(block.countPresent({ end }), RangeError);
  assert.throws(() => block.countPresentSync({ end }), RangeError);
});

test("pageRange() returns the place of a page, undefined for a zero page", async () => {
  const { block } = await openWatchedBlock();
  const range = { offset: block.pagesOffset + 4 * PAGE, length: PAGE };
  assert.deepEqual(await block.pageRange(4), range);
  assert.deepEqual(block.pageRangeSync(4), range);
  assert.equal(await block.pageRange(5), undefined);
  assert.equal(block.pageRangeSync(5), undefined);
});

test("presentRuns() yields runs, also within bounds", async () => {
  const { block } = await openWatchedBlock();
  for (
    const [options, expected] of [
      [{}, RUNS],
      [{ first: 2, end: 8 }, [
        { first: 2, end: 3 },
        RUNS[1],
        { first: 7, end: 8 },
      ]],
      [{ first: 5 }, [RUNS[2]]],
      [{ end: 1 }, []],
      [{ first: 12 }, []],
      [{ first: 3, end: 3 }, []],
    ] as const
  ) {
    assert.deepEqual(
      await Array.fromAsync(block.presentRuns(options)),
      expected,
    );
    assert.deepEqual([...block.presentRunsSync(options)], expected);
  }
});

test("presentRuns() refuses invalid bounds", async () => {
  const { block } = await openWatchedBlock();
  for (
    const options of [
      ...[{ first: -1 }, { end: 13 }, { first: 3, end: 2 }, { first: NaN }],
      ...[{ first: 0.5 }, { end: 1.5 }],
    ]
  ) {
    assert.throws(() => block.presentRunsSync(options).next(), RangeError);
    await assert.rejects(block.presentRuns(options).next(), RangeError);
  }
});
