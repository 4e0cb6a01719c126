import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { PageBitmap } from "../../format/bitmap/mod.ts";
import { markNonZeroPages, PageBuffer, ZERO_PAGE_WASM } from "./zero_page.ts";

test("ZERO_PAGE_WASM is the assembled zero_page.wat", {
  skip: "Deno" in globalThis ? false : "wabt is pinned only for Deno",
}, async () => {
  const { default: wabt } = await import("wabt");
  const name = "zero_page.wat";
  const path = fileURLToPath(new URL(name, import.meta.url));
  const { parseWat } = await wabt();
  const module = parseWat(name, readFileSync(path, "utf8"), { simd: true });
  const { buffer } = module.toBinary({});
  assert.equal(btoa(String.fromCharCode(...buffer)), ZERO_PAGE_WASM);
});

test("nonZeroPages() agrees with the plain loop for all page sizes", () => {
  for (let pageSize = 256; pageSize <= 2 ** 20; pageSize *= 2) {
    const pageCount = Math.max(1, Math.min(37, 2 ** 21 / pageSize));
    const buffer = new PageBuffer(pageSize * pageCount);
    const at = [0, 1, pageSize - 1, pageSize / 2, 63, 64, 15, 16];
    for (let round = 0; round < at.length; round++) {
      buffer.bytes.fill(0);
      for (let page = round % 3; page < pageCount; page += 1 + round % 4) {
        buffer.bytes[page * pageSize + at[round]] = 1 << (page & 7);
      }
      const plain = new PageBitmap(pageCount);
      markNonZeroPages(buffer.bytes, pageSize, plain);
      const found = buffer.nonZeroPages(pageSize, pageCount);
      assert.deepEqual([...found.runs()], [...plain.runs()]);
    }
  }
});
