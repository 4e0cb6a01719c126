import assert from "node:assert/strict";
import { test } from "node:test";
import { DemandFront } from "./demand_front.ts";

const OPTIONS = { piece: 4, near: 8, largest: 16, reach: 64 };

/** Returns the remaining pieces, as `first-end`. */
function restOf(next: () => { first: number; end: number } | undefined) {
  const pieces: string[] = [];
  for (let it = next(); it !== undefined; it = next()) {
    pieces.push(`${it.first}-${it.end}`);
  }
  return pieces;
}

function frontAfter(...pages: readonly number[]): DemandFront {
  const front = new DemandFront(1000, OPTIONS);
  for (const page of pages) front.demanded(page);
  return front;
}

test("DemandFront returns nothing before a page is demanded", () => {
  const front = frontAfter();
  assert.equal(front.nextNear(), undefined);
  assert.equal(front.nextFar(), undefined);
});

test("DemandFront returns near pieces, then larger pieces farther away", () => {
  const front = frontAfter(501);
  assert.deepEqual(restOf(() => front.nextNear()), [
    ...["500-504", "504-508", "496-500", "508-512", "492-496"],
  ]);
  assert.deepEqual(restOf(() => front.nextFar()).slice(0, 6), [
    ...["512-516", "488-492", "516-524", "480-488", "524-540", "464-480"],
  ]);
});

test("DemandFront covers its reach to both sides, each page once", () => {
  for (const page of [0, 3, 500, 999]) {
    const front = frontAfter(page);
    const seen = new Set<number>();
    const next = () => front.nextNear() ?? front.nextFar();
    for (let it = next(); it !== undefined; it = next()) {
      for (let page = it.first; page < it.end; page++) {
        assert(page >= 0 && page < 1000 && !seen.has(page), `page ${page}`);
        seen.add(page);
      }
    }
    for (let near = page - 64; near <= page + 64; near++) {
      assert.equal(seen.has(near), near >= 0 && near < 1000, `page ${near}`);
    }
  }
});

test("DemandFront moves with each demanded page", () => {
  const front = frontAfter(501);
  front.nextNear();
  front.demanded(900);
  assert.deepEqual(front.nextNear(), { first: 900, end: 904 });
});

test("DemandFront follows a stride, up and down, once it is seen", () => {
  const up = frontAfter(100, 200, 300);
  assert.deepEqual(restOf(() => up.nextNear()).slice(0, 5), [
    ...["300-304", "400-404", "500-504", "600-604", "304-308"],
  ]);
  const down = frontAfter(450, 300, 150);
  assert.deepEqual(restOf(() => down.nextNear()).slice(0, 3), [
    ...["148-152", "0-4", "152-156"],
  ]);
  const none = frontAfter(100, 200, 301);
  assert.deepEqual(restOf(() => none.nextNear()).length, 5);
});
