import { createSnapshot } from "../../saving/mod.ts";
import { createFileSink } from "../../sinks/mod.ts";

/** Bytes of a page. */
export const PAGE = 4096;
/** Number of pages of a block. */
export const PAGE_COUNT = 1024;

/** Returns the value of every byte of a page of the snapshot. */
export function valueOf(page: number): number {
  return page % 7 === 3 ? 0 : 1 + page % 250;
}

/** Writes a snapshot of blocks with these pages. */
export async function writeSnapshot(
  path: string,
  idstrs = ["ram"],
): Promise<void> {
  const blocks = idstrs.map((idstr) => ({
    idstr,
    usedLength: PAGE_COUNT * PAGE,
  }));
  const writer = await createSnapshot(createFileSink(path), blocks, {
    machine: "none",
  });
  for (const idstr of idstrs) {
    for (let page = 0; page < PAGE_COUNT; page++) {
      const bytes = new Uint8Array(PAGE).fill(valueOf(page));
      await writer.block(idstr).writePage(page, bytes);
    }
  }
  await writer.finish();
}
