import assert from "node:assert/strict";
import { test } from "node:test";
import { differentPages, isSame, isSameByLoop } from "./different_pages.ts";

const PAGE = 256;

test("differentPages() yields the runs that differ, wherever they are", () => {
  for (const length of [0, PAGE - 1, PAGE, 8 * PAGE, 8 * PAGE + 3]) {
    const count = Math.ceil(length / PAGE);
    for (let set = 0; set < 2 ** count; set++) {
      const one = new Uint8Array(length).fill(1);
      const other = one.slice();
      for (let page = 0; page < count; page++) {
        if ((set >> page & 1) === 0) continue;
        other[Math.min(length - 1, page * PAGE + PAGE - 1)] = 2;
      }
      const found = [...differentPages(one, other, PAGE)];
      const pages = found.flatMap(({ first, end }) =>
        Array.from({ length: end - first }, (_, index) => first + index)
      );
      const wanted = Array.from({ length: count }, (_, page) => page)
        .filter((page) => (set >> page & 1) === 1);
      assert.deepEqual(pages, wanted);
      const gaps = found.slice(1).every(({ first }, index) =>
        first > found[index].end
      );
      assert.ok(gaps, "the runs are maximal");
    }
  }
});

test("isSame() agrees with its loop", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  for (const other of [[1, 2, 3], [1, 2, 4], [0, 2, 3], [1, 2], []]) {
    const wanted = other.join() === "1,2,3";
    assert.equal(isSame(bytes, new Uint8Array(other)), wanted);
    assert.equal(isSameByLoop(bytes, new Uint8Array(other)), wanted);
  }
});
