import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_ZSTD } from "../../format/testing/zstd.ts";
import {
  memorySink,
  memorySource,
  openSnapshot,
  saveSnapshot,
} from "../../mod.ts";
import { openQcow2, packQcow2 } from "../../reference/doors/convert.ts";
import { loadPackage } from "./testing/load_package.ts";

test("a packed snapshot is read with a decoder in JavaScript", {
  skip: NO_ZSTD,
}, async () => {
  const { decompress } = await loadPackage("fzstd", () => import("fzstd"));
  const unpackZstd = (packed: Uint8Array, length: number) =>
    decompress(packed, new Uint8Array(length));
  const memory = new Uint8Array(0x300000);
  for (let at = 0; at < memory.length; at++) {
    memory[at] = Math.imul(at >> 2, 0x9e3779b1) >>> 28;
  }
  const file = memorySink();
  const ram = { idstr: "pc.ram", source: memorySource(memory) };
  await saveSnapshot(file, [ram], { machine: "pc-q35-10.0" });
  const image = memorySink();
  await packQcow2(memorySource(file.bytes()), image);
  using disk = await openQcow2(memorySource(image.bytes()), { unpackZstd });
  const block = (await openSnapshot(disk)).block("pc.ram");
  const found = await block.readRange({ offset: 0, length: memory.length });
  assert.deepEqual(found, memory);
});
