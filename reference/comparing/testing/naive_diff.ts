import { openSnapshotSync, type SyncRAMBlock } from "../../reading/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import type { PageChange } from "../mod.ts";

/** What pages differ, found by reading all of them, one after the other. */
export function naivePages(
  a: Uint8Array,
  b: Uint8Array,
): Record<string, Record<number, PageChange>> {
  const [one, other] = [a, b].map((it) => openSnapshotSync(memorySource(it)));
  const found: Record<string, Record<number, PageChange>> = {};
  for (const block of one.blocks) {
    const second = other.blocks.find((it) => it.idstr === block.idstr);
    if (second === undefined) continue;
    const pages: Record<number, PageChange> = found[block.idstr] = {};
    const count = Math.max(block.pageCount, second.pageCount);
    for (let page = 0; page < count; page++) {
      const change = changeOf(bytesOf(block, page), bytesOf(second, page));
      if (change !== undefined) pages[page] = change;
    }
  }
  return found;
}

/** Returns a page as text; empty if it is zero, or past the end. */
function bytesOf(block: SyncRAMBlock, page: number): string {
  if (page >= block.pageCount) return "";
  const bytes = block.readPageSync(page);
  return bytes.some((it) => it !== 0) ? bytes.join() : "";
}

function changeOf(a: string, b: string): PageChange | undefined {
  if (a === b) return undefined;
  return a === "" ? "appeared" : b === "" ? "vanished" : "changed";
}
