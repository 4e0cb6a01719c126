import assert from "node:assert/strict";
import { test } from "node:test";
import { hexBytes, hexText } from "../bytes/mod.ts";
import { UnsupportedError } from "../rules/mod.ts";
import {
  readVerityDescriptor,
  writeVerityDescriptor,
} from "./verity_descriptor.ts";

const rootHash = new Uint8Array(32).fill(0xab);

test("readVerityDescriptor() reads what writeVerityDescriptor() writes", () => {
  for (const dataLength of [0, 1, 4097, 2 ** 40 + 5, 2 ** 53 - 1]) {
    const bytes = writeVerityDescriptor({ dataLength, rootHash });
    assert.deepEqual(readVerityDescriptor("v", bytes), {
      dataLength,
      rootHash,
    });
  }
});

test("writeVerityDescriptor() writes the bytes of fsverity", () => {
  // `fsverity digest` of 4097 bytes "a", with --out-descriptor
  const root =
    "fbefecdaeada2570cb6d79dc81e17b3b8557d952a26d1a0a075551295f48c89c";
  const bytes = writeVerityDescriptor({
    dataLength: 4097,
    rootHash: hexBytes(root),
  });
  assert.equal(bytes.length, 256);
  assert.equal(
    hexText(bytes.subarray(0, 16)),
    "01010c00000000000110000000000000",
  );
  assert.equal(hexText(bytes.subarray(16)), root + "00".repeat(208));
});

test("readVerityDescriptor() refuses each other byte, by its field", () => {
  /** The start of each field, and where the next one starts. */
  const fields = [0, 1, 2, 3, 4, 8, 16, 80, 112, 256];
  const good = writeVerityDescriptor({ dataLength: 4097, rootHash });
  for (let at = 0; at < good.length; at++) {
    const isFree = at >= 8 && at < 48;
    const bytes = good.with(at, good[at] ^ 0x80);
    if (isFree) {
      readVerityDescriptor("v", bytes);
      continue;
    }
    const offset = fields.findLast((it) => it <= at);
    assert.throws(() => readVerityDescriptor("v", bytes), (error) => {
      assert(error instanceof UnsupportedError);
      assert.equal(error.rule, "verity-descriptor");
      assert.equal(error.offset, offset, `byte ${at}`);
      return true;
    });
  }
});

test("readVerityDescriptor() takes no length of 2^53 or more for a file's", () => {
  const bytes = writeVerityDescriptor({ dataLength: 0, rootHash });
  bytes.fill(0xff, 8, 16);
  assert.equal(readVerityDescriptor("v", bytes).dataLength, 2 ** 64);
});
