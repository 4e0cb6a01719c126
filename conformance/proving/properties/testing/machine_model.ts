import { memorySource } from "../../../../mod.ts";
import { loadFastCheck } from "./load_fast_check.ts";

/** Options of property tests. */
export const PROPERTY_OPTIONS = { timeout: 300_000 };

/** A RAMBlock: its name and the fill values of its pages. */
interface BlockModel {
  readonly idstr: string;
  readonly fills: readonly number[];
}

/** A description of guest memory. */
export interface MachineModel {
  readonly pageSize: number;
  readonly blocks: readonly BlockModel[];
}

/** A write of a page. */
export interface WriteModel {
  readonly block: number;
  readonly page: number;
  readonly fill: number;
}

/** The contents of each RAMBlock by its idstr. */
export type Memory = Map<string, Uint8Array>;

/** Returns fast-check, and its generators of machines and writes. */
export async function arbitraries() {
  const fc = await loadFastCheck();
  // 0 is a zero page; 256 and 257 are pages with only the last or first byte
  // not zero.
  const fill = fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 255 }) },
    { weight: 1, arbitrary: fc.constantFrom(256, 257) },
  );
  const character = fc.integer({ min: 0x20, max: 0x7e })
    .map((code) => String.fromCharCode(code));
  const idstr = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.string({ unit: character, minLength: 1, maxLength: 20 }),
    },
    {
      weight: 1,
      arbitrary: fc.string({ unit: character, minLength: 200, maxLength: 255 }),
    },
  );
  const block = fc.record({
    idstr,
    fills: fc.array(fill, { minLength: 1, maxLength: 150 }),
  });
  const machine: import("fast-check").Arbitrary<MachineModel> = fc.record({
    pageSize: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(256, 512, 1024, 4096) },
      { weight: 1, arbitrary: fc.constantFrom(8192, 65536) },
    ),
    blocks: fc.uniqueArray(block, {
      minLength: 1,
      maxLength: 4,
      selector: (it) => it.idstr,
    }),
  });
  const write: import("fast-check").Arbitrary<WriteModel> = fc.record({
    block: fc.nat(3),
    page: fc.nat(150),
    fill,
  });
  return { fc, machine, writes: fc.array(write, { maxLength: 60 }) };
}

function fillPage(page: Uint8Array, fill: number): void {
  page.fill(fill > 255 ? 0 : fill);
  if (fill === 256) page[page.length - 1] = 1;
  if (fill === 257) page[0] = 0x80;
}

/**
 * Makes the memory of a machine; its RAMBlocks are whole KiB, as totals must
 * be.
 */
export function memoryOf({ pageSize, blocks }: MachineModel): Memory {
  const unit = Math.max(1, 1024 / pageSize);
  return new Map(blocks.map(({ idstr, fills }) => {
    const pages = Math.ceil(fills.length / unit) * unit;
    const bytes = new Uint8Array(pages * pageSize);
    for (const [index, fill] of fills.entries()) {
      fillPage(pageOf(bytes, { index, pageSize }), fill);
    }
    return [idstr, bytes];
  }));
}

/** Returns one page of a RAMBlock. */
export function pageOf(
  bytes: Uint8Array,
  { index, pageSize }: { readonly index: number; readonly pageSize: number },
): Uint8Array {
  return bytes.subarray(index * pageSize, (index + 1) * pageSize);
}

/** Converts memory to inputs of a save. */
export function inputsOf(memory: Memory) {
  return [...memory].map(([idstr, bytes]) => ({
    idstr,
    usedLength: bytes.length,
    source: memorySource(bytes),
  }));
}

/** Applies a write to the memory; returns what was written where. */
export function applyWrite(
  memory: Memory,
  { block, page, fill }: WriteModel,
  pageSize: number,
): {
  readonly idstr: string;
  readonly index: number;
  readonly bytes: Uint8Array;
} {
  const entries = [...memory];
  const [idstr, all] = entries[block % entries.length];
  const index = page % (all.length / pageSize);
  const bytes = pageOf(all, { index, pageSize });
  fillPage(bytes, fill);
  return { idstr, index, bytes };
}
