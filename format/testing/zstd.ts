import zlib from "node:zlib";

/**
 * Reason to skip a test that needs zstd of the runtime: Node has it from 22.15
 * on, and a module that imports the functions by name does not load before.
 */
export const NO_ZSTD: string | false =
  (zlib as Partial<typeof zlib>).zstdCompressSync === undefined &&
  "this runtime has no zstd";

/** Compresses into a zstd frame. */
export function zstdFrame(
  bytes: Uint8Array,
  params: Record<number, number> = {},
): Uint8Array {
  return zlib.zstdCompressSync(bytes, { params });
}

/** Returns what a zstd frame holds. */
export function zstdContent(frame: Uint8Array): Uint8Array {
  return zlib.zstdDecompressSync(frame);
}
