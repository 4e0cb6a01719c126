import { rangeEnd } from "../../format/bytes/mod.ts";
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
   * Bytes of a page, unless the stream has target-page-bits. Default: that of a
   * vmdesc at the very end of the source, else 4096.
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
    pageSize: options.pageSize ?? pageSizeOf(vmdesc, source),
  };
}

/**
 * Returns the last vmdesc of a file, unless it comes before the end of the RAM:
 * then it is memory of the guest.
 */
export function vmdescAfter(
  ramEnd: number,
  vmdesc: Vmdesc | undefined,
): Vmdesc | undefined {
  return vmdesc !== undefined && vmdesc.range.offset >= ramEnd
    ? vmdesc
    : undefined;
}

/**
 * Returns the page size given by a vmdesc, if valid. Only one that ends the
 * source counts: any other may be in the memory of the guest.
 */
function pageSizeOf(
  { pageSize = 0, range }: Vmdesc,
  { byteLength }: ByteSource,
): number | undefined {
  return rangeEnd(range) === byteLength &&
      Number.isInteger(Math.log2(pageSize)) &&
      pageSize >= 0x100 && pageSize <= 0x100000
    ? pageSize
    : undefined;
}
