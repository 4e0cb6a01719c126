import type { ByteRange } from "../../format/bytes/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import type { Progress } from "../work/mod.ts";

/** The image that an incremental one is based on. */
export interface PackBacking {
  /** The disk in it, which is compared with the source. */
  readonly source: ByteSource;
  /** Its name in the new image: a path relative to that, or a URL. */
  readonly name: string;
  /** Its format. */
  readonly format: "qcow2" | "raw";
}

/** Options of {@linkcode packQcow2}. */
export interface PackOptions extends ReadOptions {
  /**
   * The parts of the source to pack, in any order, rounded to 4 KiB. The rest
   * becomes zero and is not read. Default: the whole source. Pass
   * {@linkcode snapshotRanges} to leave out pages that a snapshot does not use.
   */
  readonly dataRanges?:
    | Iterable<ByteRange>
    | AsyncIterable<ByteRange>
    | undefined;
  /** Bytes of a cluster: a power of two, 4 KiB to 2 MiB. Default: 64 KiB. */
  readonly clusterSize?: number | undefined;
  /**
   * How clusters are compressed. QEMU before 5.1 reads zlib only. Default:
   * zstd, or zlib on a runtime without zstd, Node before 22.15.
   */
  readonly compression?: "zlib" | "zstd" | undefined;
  /** 1 to 19 of zstd, 1 to 9 of zlib. Default: 3 of zstd, 6 of zlib. */
  readonly level?: number | undefined;
  /** Stores only the clusters that differ from those of this image. */
  readonly backing?: PackBacking | undefined;
  /**
   * Maximum threads that pack a local file or shared memory into a file. The
   * image does not depend on it. Default: 1, the thread of the caller.
   */
  readonly jobs?: number | undefined;
  /**
   * Whether to commit the sink at the end and to abort it after a failure. If
   * false, the caller does both. Default: true.
   */
  readonly commit?: boolean | undefined;
  /** Called from time to time with the progress; `idstr` is empty. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** The result of packing. */
export interface PackSummary {
  /** Length in bytes of the disk in the image. */
  readonly diskLength: number;
  /** Length in bytes of the image. */
  readonly imageLength: number;
  /** Bytes of a cluster. */
  readonly clusterSize: number;
  /** How clusters are compressed. */
  readonly compression: "zlib" | "zstd";
  /** Number of compressed clusters. */
  readonly compressedClusters: number;
  /** Number of clusters that are stored as they are. */
  readonly plainClusters: number;
}
