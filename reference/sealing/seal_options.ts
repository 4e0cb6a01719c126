import type { ByteRange } from "../../format/bytes/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import type { Progress } from "../work/mod.ts";
import type { SealPool } from "./seal_pool.ts";

/** Options of `sealSource`; those of `verityDigest` but for `commit`. */
export interface SealOptions extends ReadOptions {
  /**
   * The parts of the source that may hold data, in order. The rest is zero and
   * is not read. Default: the whole source.
   */
  readonly dataRanges?: Iterable<ByteRange> | undefined;
  /**
   * Maximum threads that hash a local file or shared memory. The result does
   * not depend on it. Default: 1, the thread of the caller.
   */
  readonly jobs?: number | undefined;
  /** Called from time to time with the progress; `idstr` is empty. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * Whether to commit the sink at the end and to abort it after a failure. If
   * false, the caller does both. Default: true.
   */
  readonly commit?: boolean | undefined;
}

/** Options with which a program of the project seals faster. */
export interface SealJob extends SealOptions {
  /** The threads to use if `jobs` is more than 1. Default: they are started. */
  readonly pool?: SealPool | undefined;
}

/** The result of sealing. */
export interface SealSummary {
  /** The digest that `fsverity digest` prints: `sha256:` and 64 digits. */
  readonly digest: string;
  /** Length of the source in bytes. */
  readonly dataLength: number;
  /** Length of the sidecar in bytes, holes included. */
  readonly sidecarLength: number;
}
