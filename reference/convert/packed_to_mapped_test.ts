import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { LibvirtSaveHeader } from "../../format/libvirt/mod.ts";
import { memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { FullDisk } from "../testing/full_disk.ts";
import { SequentialGuest } from "../testing/sequential_guest.ts";
import { convertPacked } from "./packed_to_mapped.ts";

const header: LibvirtSaveHeader = {
  version: 2,
  byteOrder: "little",
  format: "gzip",
  streamOffset: 0,
  xml: { offset: 0, length: 0 },
  wasRunning: false,
};

function packed(): Uint8Array {
  const guest = new SequentialGuest({ ram: 4 });
  guest.part(() => guest.page("ram", 2, new Uint8Array(4096).fill(7)), 3);
  return new Uint8Array(gzipSync(guest.finish()));
}

test("convertPacked() refuses an image whose checksum is wrong", async () => {
  const bytes = packed();
  bytes[bytes.length - 8] ^= 1;
  const sink = memorySink();
  await assert.rejects(
    convertPacked(memorySource(bytes), sink, { header }),
    { name: "FormatError", rule: "libvirt-format" },
  );
  assert.equal(sink.bytes().length, 0);
});

test("convertPacked() does not wait for disk space: the image remains", {
  timeout: 60_000,
}, async () => {
  const source = memorySource(packed());
  const disk = new FullDisk();
  disk.isFull = true;
  disk.freed = Infinity;
  await assert.rejects(
    convertPacked(source, disk.sink, { header }),
    /no space left/,
  );
});
