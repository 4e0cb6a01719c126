import { ByteWriter } from "../../../format/bytes/mod.ts";
import { numbers } from "../../packing/testing/memory_file.ts";
import { openSnapshot } from "../../reading/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import { savedFile } from "../../testing/saved_file.ts";

/** Bytes of a page. */
export const PAGE = 4096;

/** A guest at one time: its blocks by idstr, and the state of its device. */
export interface GuestState {
  readonly blocks: Readonly<Record<string, Uint8Array>>;
  readonly device: Uint8Array;
}

/**
 * Returns the snapshot of a guest, as a file. Some places of pages that are not
 * present hold stale bytes, which `seed` chooses.
 */
export async function guestFile(
  { blocks, device }: GuestState,
  seed?: number,
): Promise<Uint8Array> {
  const ram = await savedFile(blocks);
  const { index } = await openSnapshot(memorySource(ram));
  const { length: size } = device;
  const field = { name: "bytes", type: "buffer", size };
  const timer = { name: "timer", instance_id: 0, version: 2, fields: [field] };
  const vmdesc = JSON.stringify({
    page_size: PAGE,
    devices: [{ ...timer, vmsd_name: "timer" }],
  });
  const file = new ByteWriter().bytes(ram.subarray(0, index.ramEnd))
    .u8(4).be32(7).countedString("timer").be32(0).be32(2).bytes(device)
    .u8(0x7e).be32(7)
    .u8(0)
    .u8(6).be32(vmdesc.length).text(vmdesc).finish();
  if (seed !== undefined) await spoil(file, seed);
  return file;
}

/** Writes bytes to places of pages that are not present. */
async function spoil(file: Uint8Array, seed: number): Promise<void> {
  const next = numbers(seed);
  const { blocks } = await openSnapshot(memorySource(file));
  for (const block of blocks) {
    const pages = await block.presentPages();
    for (let page = 0; page < block.pageCount; page++) {
      if (pages.isSet(page) || next() % 3 > 0) continue;
      const start = block.pagesOffset + page * PAGE;
      file.fill(next(), start, start + PAGE);
    }
  }
}

/** Returns the file with zeros in all places of pages that are not present. */
export async function withoutStale(file: Uint8Array): Promise<Uint8Array> {
  const clean = file.slice();
  const { blocks } = await openSnapshot(memorySource(file));
  for (const block of blocks) {
    const pages = await block.presentPages();
    for (let page = 0; page < block.pageCount; page++) {
      if (pages.isSet(page)) continue;
      const start = block.pagesOffset + page * PAGE;
      clean.fill(0, start, start + PAGE);
    }
  }
  return clean;
}

/** Returns a guest with blocks of random pages, some of them zero. */
export function randomGuest(seed: number): GuestState {
  const next = numbers(seed);
  const names = ["pc.ram", "vga.vram", "rom"].slice(0, 1 + next() % 3);
  const blocks = names.map((name) => {
    const bytes = new Uint8Array((1 + next() % 300) * PAGE);
    for (let at = 0; at < bytes.length; at += PAGE) {
      if (next() % 3 > 0) bytes.fill(next() % 255 + 1, at, at + PAGE);
    }
    return [name, bytes] as const;
  });
  return { blocks: Object.fromEntries(blocks), device: randomBytes(next) };
}

/**
 * Returns the guest later: pages have changed, have become zero, or are zero no
 * more, and its device has another state.
 */
export function laterGuest({ blocks }: GuestState, seed: number): GuestState {
  const next = numbers(seed);
  const changed = Object.entries(blocks).map(([name, bytes]) => {
    const later = bytes.slice();
    for (let at = 0; at < later.length; at += PAGE) {
      const kind = next() % 10;
      if (kind === 0) later.fill(0, at, at + PAGE);
      // Also a page of which a single byte has changed.
      if (kind === 1) later[at + next() % PAGE] ^= 1;
      if (kind === 2) later.fill(next() % 255 + 1, at, at + PAGE);
    }
    return [name, later] as const;
  });
  return { blocks: Object.fromEntries(changed), device: randomBytes(next) };
}

function randomBytes(next: () => number): Uint8Array {
  return Uint8Array.from({ length: 1 + next() % 20_000 }, next);
}
