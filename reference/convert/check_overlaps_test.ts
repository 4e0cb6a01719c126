import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressSpace } from "./address_space.ts";
import { checkOverlaps } from "./check_overlaps.ts";

test("checkOverlaps() can be stopped while it compares", async () => {
  const length = 0x20000000;
  const source = {
    name: "zeros",
    byteLength: 2 * length,
    readInto: () => Promise.resolve(),
  };
  const ranges = [0, length].map((position) => ({
    address: 0,
    length,
    position,
  }));
  const memory = new AddressSpace(source, ranges);
  const controller = new AbortController();
  const { signal } = controller;
  setTimeout(() => controller.abort(new Error("stopped")));
  await assert.rejects(
    checkOverlaps(source, ranges, memory, { signal }),
    /^Error: stopped$/,
  );
});
