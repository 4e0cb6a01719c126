import { writeFileSync } from "node:fs";
import { createFileSink, createSnapshot } from "../../../mod.ts";

const PAGE_SIZE = 4096;

/** A guest that the tests restore. */
export interface KnownGuest {
  /** Path of the snapshot. */
  readonly snapshot: string;
  /** Path of a file with the contents of its memory. */
  readonly image: string;
  /** Number of pages of the guest. */
  readonly pageCount: number;
}

/**
 * Writes a guest whose pages all differ; some are zero, unless it is `full`.
 */
export async function writeKnownGuest(
  folder: { file(name: string): string },
  pageCount: number,
  { full = false }: { readonly full?: boolean } = {},
): Promise<KnownGuest> {
  const snapshot = folder.file("guest.mr");
  const image = folder.file("guest.img");
  const bytes = new Uint8Array(pageCount * PAGE_SIZE);
  const words = new Uint32Array(bytes.buffer);
  const blocks = [{ idstr: "ram", usedLength: bytes.length }];
  const writer = await createSnapshot(
    createFileSink(snapshot, { force: true }),
    blocks,
    {
      machine: "none",
    },
  );
  const ram = writer.block("ram");
  for (let page = 0; page < pageCount; page++) {
    const isZero = page % 8 === 5 || (page >> 8) % 4 === 3;
    if (isZero && !full) continue;
    const first = page * PAGE_SIZE / 4;
    words.fill(page * 2654435761 + 1, first, first + PAGE_SIZE / 4);
    words[first + page % 1000] = page;
    const at = page * PAGE_SIZE;
    await ram.writePage(page, bytes.subarray(at, at + PAGE_SIZE));
  }
  await writer.finish();
  writeFileSync(image, bytes);
  return { snapshot, image, pageCount };
}
