import type * as Zlib from "node:zlib";
import { builtinModule } from "../local/mod.ts";
import { SourceError } from "../sources/mod.ts";
import type { PackOptions } from "./pack_options.ts";

/** How an image is compressed. */
export interface Compression {
  readonly type: "zlib" | "zstd";
  readonly level: number;
}

/** Compresses a cluster. */
export type ClusterCompressor = (cluster: Uint8Array) => Uint8Array;

const DEFAULT_LEVEL = { zlib: 6, zstd: 3 } as const;
const MAX_LEVEL = { zlib: 9, zstd: 19 } as const;
/** QEMU reads no larger window. */
const WINDOW_BITS = 12;
const MEMORY_LEVEL = 9;

/** Decides how to compress, by the options and what the runtime has. */
export function chooseCompression(
  { compression, level }: Pick<PackOptions, "compression" | "level">,
): Compression {
  const { zstdCompressSync } = nodeZlib();
  const type = compression ??
    (zstdCompressSync === undefined ? "zlib" : "zstd");
  if (type === "zstd" && zstdCompressSync === undefined) {
    throw new SourceError(
      "zstd",
      "Cannot compress with zstd: this runtime does not have it; expected " +
        "Node 22.15, Deno or Bun, or the compression zlib",
    );
  }
  const chosen = level ?? DEFAULT_LEVEL[type];
  if (Number.isInteger(chosen) && chosen >= 1 && chosen <= MAX_LEVEL[type]) {
    return { type, level: chosen };
  }
  throw new RangeError(
    `Cannot compress at level ${chosen}: expected 1 to ${MAX_LEVEL[type]} ` +
      `for ${type}`,
  );
}

/** Returns the function that compresses clusters of some size. */
export function clusterCompressor(
  { type, level }: Compression,
  clusterSize: number,
): ClusterCompressor {
  const { constants, deflateRawSync, zstdCompressSync } = nodeZlib();
  // The output in one piece: by default it is put together from small ones.
  const chunkSize = clusterSize + clusterSize / 64 + 64;
  if (type === "zlib") {
    const options = {
      level,
      windowBits: WINDOW_BITS,
      memLevel: MEMORY_LEVEL,
      chunkSize,
    };
    return (cluster) => deflateRawSync(cluster, options);
  }
  if (zstdCompressSync === undefined) throw new TypeError("no zstd");
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  const options = { params, pledgedSrcSize: clusterSize, chunkSize };
  return (cluster) => zstdCompressSync(cluster, options);
}

/** Node before 22.15 has no zstd. */
function nodeZlib():
  & Omit<typeof Zlib, "zstdCompressSync">
  & Partial<Pick<typeof Zlib, "zstdCompressSync">> {
  return builtinModule("node:zlib", {
    what: "compression",
    action: "compress clusters",
    instead: "CompressionStream of browsers has no windows that QEMU reads",
  });
}
