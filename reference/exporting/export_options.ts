import type { ReadOptions } from "../sources/mod.ts";
import type { Progress } from "../work/mod.ts";

/** How to export. */
export interface ExportOptions extends ReadOptions {
  /** Is told now and then how far the work has come. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * How many threads may work at once, where a file of this machine is written to
   * another. Default: 1, the thread of the caller.
   */
  readonly jobs?: number | undefined;
  /** Whether to read and write pages around the page cache. Default: false. */
  readonly directIo?: boolean | undefined;
  /**
   * Whether to commit the sink in the end and to abort it after a failure; where
   * not, the caller does. Default: true.
   */
  readonly commit?: boolean | undefined;
}
