import { zstdFrameLength } from "../../format/qcow2/mod.ts";
import { builtinModuleIfAny } from "../local/mod.ts";

/**
 * Unpacks a compressed cluster to exactly `length` bytes. `packed` may end with
 * bytes that are not part of it.
 */
export type UnpackCluster = (
  packed: Uint8Array,
  length: number,
) => Uint8Array | Promise<Uint8Array>;

/** The synchronous form. */
export type UnpackClusterSync = (
  packed: Uint8Array,
  length: number,
) => Uint8Array;

/** Returns the runtime's zlib; undefined in a browser. */
export function nodeInflate(): UnpackClusterSync | undefined {
  const inflate = builtinModuleIfAny("node:zlib")?.inflateRawSync;
  // Reserved by the format, QEMU writes windows of 4 KiB; any window is read.
  return inflate &&
    ((packed, length) => inflate(packed, { maxOutputLength: length }));
}

/** Returns the runtime's zstd; undefined before Node 22.15 and in a browser. */
export function nodeZstd(): UnpackClusterSync | undefined {
  const decompress = builtinModuleIfAny("node:zlib")?.zstdDecompressSync;
  return decompress && ((packed, length) => {
    const frame = packed.subarray(0, zstdFrameLength(packed) ?? 0);
    return decompress(frame, { maxOutputLength: length });
  });
}

/** Unpacks by the web API, which refuses what follows the data. */
export async function webInflate(
  packed: Uint8Array,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const stream = new Blob([packed.slice()]).stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = stream.getReader();
  let filled = 0;
  try {
    while (filled < length) {
      const { value, done } = await reader.read();
      if (done) break;
      const part = value.subarray(0, length - filled);
      bytes.set(part, filled);
      filled += part.length;
      if (part.length < value.length) return new Uint8Array(length + 1);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
  return bytes.subarray(0, filled);
}
