import type { SequentialOptions } from "../../format/sequential/mod.ts";
import {
  findLastVmdesc,
  fullSectionLengths,
  type Vmdesc,
} from "../../format/vmdesc/mod.ts";
import { type ByteSource, drive, type ReadOptions } from "../sources/mod.ts";

/** Options of reading a sequential stream. */
export interface SequentialReadOptions extends ReadOptions {
  /** Where the stream starts in the source, in bytes. Default: 0. */
  readonly offset?: number | undefined;
  /**
   * Bytes of a page, if the stream has neither target-page-bits nor a vmdesc.
   * Default: 4096.
   */
  readonly pageSize?: number | undefined;
}

/** Derives options from the vmdesc at the end of a file. */
export async function sequentialOptions(
  source: ByteSource,
  options: SequentialReadOptions,
): Promise<SequentialOptions & { readonly vmdesc?: Vmdesc }> {
  const vmdesc = await drive(
    findLastVmdesc(source, options.offset ?? 0),
    source,
    options,
  );
  if (vmdesc === undefined) return { pageSize: options.pageSize };
  return {
    vmdesc,
    lengths: fullSectionLengths(vmdesc),
    pageSize: options.pageSize ?? pageSizeOf(vmdesc),
  };
}

/** Returns the page size given by a vmdesc, if valid. */
function pageSizeOf({ pageSize = 0 }: Vmdesc): number | undefined {
  return Number.isInteger(Math.log2(pageSize)) &&
      pageSize >= 0x100 && pageSize <= 0x100000
    ? pageSize
    : undefined;
}
