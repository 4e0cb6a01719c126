import { ByteWriter } from "../bytes/byte_writer.ts";

/** An entry of a list of RAMBlocks, valid or not. */
export interface TestBlock {
  readonly idstr?: string;
  readonly usedLength?: number | bigint;
  readonly mrAddr?: bigint;
  readonly version?: number;
  readonly pageSize?: number | bigint;
  readonly bitmapOffset?: number | bigint;
  readonly pagesOffset?: number | bigint;
}

/** Encodes the entry of a block. */
export function entryOf(block: TestBlock): ByteWriter {
  const writer = new ByteWriter().countedString(block.idstr ?? "ram")
    .be64(block.usedLength ?? 0x800);
  if (block.mrAddr !== undefined) writer.be64(block.mrAddr);
  return writer.be32(block.version ?? 1).be64(block.pageSize ?? 0x100)
    .be64(block.bitmapOffset ?? 0x100).be64(block.pagesOffset ?? 0x400);
}

/**
 * Makes a file of 64 KiB with the body of RAM's START at 0: a total, the
 * entries, each where the pages of the previous one end, and EOS.
 */
export function ramSetup(
  blocks: readonly TestBlock[],
  options: { readonly total?: number | bigint; readonly eos?: number } = {},
): Uint8Array {
  const bytes = new Uint8Array(0x10000);
  const sum = blocks.reduce(
    (sum, it) => sum + BigInt(it.usedLength ?? 0x800),
    0n,
  );
  let offset = 8;
  bytes.set(new ByteWriter().be64(options.total ?? sum + 4n).finish());
  for (const block of blocks) {
    const entry = entryOf(block).finish();
    if (offset + entry.length > bytes.length) return bytes;
    bytes.set(entry, offset);
    const { pagesOffset = 0x400, usedLength = 0x800 } = block;
    offset += entry.length;
    if (pagesOffset !== 0) offset = Number(pagesOffset) + Number(usedLength);
    if (offset >= bytes.length - 8) return bytes;
  }
  bytes.set(new ByteWriter().be64(options.eos ?? 0x10).finish(), offset);
  return bytes;
}
