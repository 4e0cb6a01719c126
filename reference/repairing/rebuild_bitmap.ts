import { PageBitmap } from "../../format/bitmap/mod.ts";
import { PageBuffer } from "../pages/mod.ts";
import type { RAMBlock } from "../reading/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import { CHUNK, Pace } from "../work/mod.ts";

/** Returns a bitmap of the pages whose places in the file are not all zero. */
export async function rebuildBitmap(
  source: ByteSource,
  block: RAMBlock,
  options: ReadOptions & { readonly onChunk?: (done: number) => void } = {},
): Promise<PageBitmap> {
  const { pageSize, pageCount, usedLength, pagesOffset } = block;
  const { signal, onChunk } = options;
  const rebuilt = new PageBitmap(pageCount);
  const pace = new Pace(signal);
  const chunk = Math.max(CHUNK, pageSize);
  const buffer = new PageBuffer(chunk);
  for (let offset = 0; offset < usedLength; offset += chunk) {
    const length = Math.min(chunk, usedLength - offset);
    await source.readInto(
      buffer.bytes.subarray(0, length),
      pagesOffset + offset,
      { signal },
    );
    const first = offset / pageSize;
    for (const run of buffer.nonZeroPages(pageSize, length / pageSize).runs()) {
      for (let page = run.first; page < run.end; page++) {
        rebuilt.set(first + page);
      }
    }
    onChunk?.(offset + length);
    await pace.step();
  }
  return rebuilt;
}
