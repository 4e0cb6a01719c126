import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { openQcow2, type Qcow2Options } from "../../qcow2/mod.ts";
import { memorySink } from "../../sinks/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import { type PackOptions, packQcow2 } from "../mod.ts";

/** Packs bytes; returns those of the image. */
export async function packed(
  bytes: Uint8Array,
  options: PackOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const sink = memorySink();
  await packQcow2(memorySource(bytes), sink, options);
  return sink.bytes();
}

/** Returns the bytes of the disk in an image. */
export async function diskOf(
  image: Uint8Array,
  options?: Qcow2Options,
): Promise<Uint8Array> {
  using disk = await openQcow2(memorySource(image), options);
  const bytes = new Uint8Array(disk.byteLength);
  await disk.readInto(bytes, 0);
  await disk.readInto(new Uint8Array(0), disk.byteLength);
  return bytes;
}

/** Returns bytes with zeros up to a whole number of sectors. */
export function inSectors(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / 512) * 512);
  padded.set(bytes);
  return padded;
}

/** Asserts that bytes are equal, much faster than `deepEqual`. */
export function assertEqual(one: Uint8Array, other: Uint8Array): void {
  assert.equal(one.length, other.length);
  assert.equal(Buffer.compare(one, other), 0);
}
