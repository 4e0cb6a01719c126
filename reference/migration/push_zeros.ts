import { RamRecordWriter } from "../../format/sequential/mod.ts";
import type { PageWriter } from "./page_writer.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";
import type { PushOptions } from "./push_pages.ts";
import { Throttle } from "./throttle.ts";

/** Number of zero pages sent at a time; more if a host page is larger. */
const PAGES = 4096;

/**
 * Sends all pages not taken as zero pages, after those of the snapshot. Memory
 * that was never written is already zero, but a device that touches it between
 * the end of the stream and the end of QEMU's fault handling would wait
 * forever, because its request is no longer answered.
 */
export async function pushZeros(
  blocks: readonly PostcopyBlock[],
  writer: PageWriter,
  { gate, signal, maxBandwidth }: PushOptions,
): Promise<void> {
  const throttle = new Throttle(maxBandwidth, signal);
  for (const block of blocks) {
    const each = block.hostPageSize / block.block.pageSize;
    const step = Math.max(1, Math.floor(PAGES / each));
    // A zero record has one byte in place of a page.
    const records = new RamRecordWriter(step * each, 1);
    const end = block.hostPageCount;
    for (let from = 0; from < end;) {
      await gate.idle(signal);
      from = block.nextFree(from, end);
      const until = block.nextTaken(from, Math.min(end, from + step));
      if (from === until) continue;
      for (let hostPage = from; hostPage < until; hostPage++) {
        block.take(hostPage);
      }
      const pages = block.pagesOf(from, until);
      await throttle.spend(await writer.sendZeros(block, pages, records));
      from = until;
    }
  }
}
