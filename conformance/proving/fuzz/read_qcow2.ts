import assert from "node:assert/strict";
import { memorySource, type SyncByteSource } from "../../../mod.ts";
import { openQcow2, openQcow2Sync } from "../../../reference/doors/convert.ts";
import { backingBytes } from "./qcow2_seeds.ts";

/** Maximum bytes of a disk that are read. */
const READ_MAX = 0x200000;
const BACKING = backingBytes();

/**
 * Opens an image, reads the first part of its disk in one read, and parts of it
 * in others, which must agree.
 */
export async function readQcow2(source: SyncByteSource): Promise<void> {
  const openBacking = () => memorySource(BACKING, { name: "backing" });
  const disk = openQcow2Sync(source, { openBacking, maxBytes: 0x40000 });
  const length = Math.min(READ_MAX, disk.byteLength);
  const whole = new Uint8Array(length);
  disk.readIntoSync(whole, 0);
  const other = await openQcow2(source, { openBacking });
  const step = Math.ceil(length / 7) + 1;
  const reads = [];
  for (let at = 0; at < length; at += step) {
    const part = new Uint8Array(Math.min(step, length - at));
    reads.push(
      other.readInto(part, at).then(() => {
        assert.deepEqual(part, whole.subarray(at, at + part.length));
      }),
    );
  }
  await Promise.all(reads);
  // The end of a disk that is too large to be read.
  disk.readIntoSync(
    new Uint8Array(512).subarray(0, disk.byteLength),
    Math.max(0, disk.byteLength - 512),
  );
}
