import assert from "node:assert/strict";
import { test } from "node:test";
import { RamRecordWriter } from "./ram_records.ts";

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((it) => it.toString(16).padStart(2, "0")).join("");
}

test("RamRecordWriter writes pages and zero pages in a PART", () => {
  const writer = new RamRecordWriter(3, 4);
  for (let time = 0; time < 2; time++) {
    writer.start(7);
    writer.page("ab", 0x1000).set([1, 2, 3, 4]);
    writer.zero("ab", 0x2000);
    writer.page("ab", 0x1_0000_3000).set([5, 6, 7, 8]);
    assert.equal(
      hexOf(writer.finish(7)),
      "0200000007" +
        "0000000000001008026162" + "01020304" +
        "000000000000202200" +
        "0000000100003028" + "05060708" +
        "00000000000000107e00000007",
    );
  }
});

test("RamRecordWriter writes records without a section", () => {
  const writer = new RamRecordWriter(1, 4);
  writer.start();
  writer.zero("pc.ram", 0x1000);
  assert.equal(
    hexOf(writer.finish()),
    "0000000000001002" + "0670632e72616d" + "00",
  );
});

test("RamRecordWriter has room for the longest name", () => {
  const idstr = "x".repeat(255);
  const writer = new RamRecordWriter(2, 16);
  writer.start(1);
  writer.page(idstr, 0);
  writer.page(idstr, 0x1000);
  assert.equal(writer.finish(1).length, 5 + 8 + 256 + 16 + 8 + 16 + 13);
});
