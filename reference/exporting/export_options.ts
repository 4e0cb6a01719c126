import type { ReadOptions } from "../sources/mod.ts";
import type { Progress } from "../work/mod.ts";

/** Options of `exportImage`. */
export interface ExportOptions extends ReadOptions {
  /** Called from time to time with the progress. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * Maximum threads that copy from one local file to another. Default: 1, the
   * thread of the caller.
   */
  readonly jobs?: number | undefined;
  /** Whether to bypass the page cache for pages. Default: false. */
  readonly directIo?: boolean | undefined;
  /**
   * Whether to commit the sink at the end and to abort it after a failure. If
   * false, the caller does both. Default: true.
   */
  readonly commit?: boolean | undefined;
}
