import assert from "node:assert/strict";
import { test } from "node:test";
import { LineSplitter } from "./line_splitter.ts";

/** The lines of bytes that arrive in pieces of that size. */
function split(text: string, size: number, lengthMax = 100): string[] {
  const bytes = new TextEncoder().encode(text);
  const lines = new LineSplitter(lengthMax);
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.slice(at, at + size);
    found.push(...lines.push(piece));
    piece.fill(0); // The line is not kept.
  }
  return found;
}

test("LineSplitter yields the same lines however the bytes are cut", () => {
  const text = "one\n\nzwölf €\r\nlonger than the others\nno end";
  for (let size = 1; size <= 60; size++) {
    assert.deepEqual(split(text, size), [
      "one",
      "",
      "zwölf €\r",
      "longer than the others",
    ]);
  }
});

test("LineSplitter accepts lines up to the maximum length", () => {
  for (const size of [1, 7, 100]) {
    assert.deepEqual(split("a".repeat(10) + "\nb\n", size, 10), [
      "a".repeat(10),
      "b",
    ]);
    assert.throws(() => split("a".repeat(11), size, 10), RangeError);
    assert.throws(() => split("a".repeat(11) + "\n", size, 10), RangeError);
  }
});
