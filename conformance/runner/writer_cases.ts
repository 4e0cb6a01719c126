import { Buffer } from "node:buffer";
import type { RuleSlug } from "../../mod.ts";

/** A RAMBlock to be saved. */
export interface WriterBlock {
  readonly idstr: string;
  /** Its memory. */
  readonly memory: Uint8Array;
}

/** A case that a writer is to save. */
export interface WriterCase {
  readonly name: string;
  /** The rules that such a save is most likely to break. */
  readonly rules: readonly RuleSlug[];
  readonly machine: string;
  readonly pageSize: number;
  readonly blocks: readonly WriterBlock[];
  /** Whether the writer is killed at random moments of the save. */
  readonly isKilled?: true;
}

const KIB = 1024;
const MIB = KIB * KIB;

/** Returns all cases for writers. */
export function writerCases(): WriterCase[] {
  return [
    ramCase("one page in the middle", {
      rules: ["set-bit-stored", "bitmap-order"],
      memory: pages(MIB, { 77: text(77) }),
    }),
    ramCase("memory that is all zero", {
      rules: ["clear-bit-zero", "ram-total"],
      memory: pages(MIB, {}),
    }),
    ramCase("memory without a zero page", {
      rules: ["set-bit-stored"],
      memory: Buffer.alloc(MIB, "never zero "),
    }),
    ramCase("pages with one byte that is not zero", {
      rules: ["set-bit-stored"],
      memory: pages(MIB, { 0: [1], 3: [...zeros(4095), 9], 255: [0, 7] }),
    }),
    ramCase("the ends of the bitmap's words", {
      rules: ["bitmap-order"],
      memory: pages(MIB, {
        7: text(7),
        8: text(8),
        63: text(63),
        64: text(64),
        191: text(191),
      }),
    }),
    ramCase("a last word with padding", {
      rules: [
        ...["bitmap-padding-clear", "bitmap-after-header"] as const,
        ...["interop-capabilities", "interop-page-bits"] as const,
        ...["interop-commands", "interop-sections", "interop-vmdesc"] as const,
      ],
      memory: pages(258 * 4 * KIB, { 256: text(256), 257: text(257) }),
    }),
    ramCase("2048 pages, every third stored", {
      rules: ["bitmap-order", "pages-offset-mebibyte"],
      memory: pages(
        8 * MIB,
        Object.fromEntries(
          Array.from({ length: 683 }, (_, index) => [
            3 * index,
            text(3 * index),
          ]),
        ),
      ),
    }),
    tableCase("several RAMBlocks", [
      { idstr: "pc.ram", memory: pages(3 * MIB, { 0: text(0), 767: text(1) }) },
      { idstr: "pc.bios", memory: pages(256 * KIB, { 63: text(63) }) },
      { idstr: "/rom@etc/acpi/tables", memory: pages(128 * KIB, {}) },
    ], ["ram-total", "pages-after-header", "idstr-text"]),
    tableCase("RAMBlocks of one page", [
      { idstr: "a", memory: pages(4 * KIB, { 0: text(1) }) },
      { idstr: "b", memory: pages(4 * KIB, {}) },
      { idstr: "c", memory: pages(4 * KIB, { 0: text(3) }) },
    ], ["pages-offset-mebibyte", "bitmap-after-header"]),
    tableCase("the longest idstr and one of spaces", [
      { idstr: "x".repeat(255), memory: pages(8 * KIB, { 1: text(1) }) },
      { idstr: "  ", memory: pages(8 * KIB, { 0: text(0) }) },
    ], ["idstr-text"]),
    tableCase("a hundred RAMBlocks", [
      ...Array.from({ length: 100 }, (_, index) => ({
        idstr: `block${index}`,
        memory: pages(8 * KIB, index % 3 === 0 ? { 1: text(index) } : {}),
      })),
    ], ["idstr-unique", "ram-total", "bitmap-disjoint"]),
    {
      ...ramCase("a long machine name", {
        rules: ["machine-name"],
        memory: pages(64 * KIB, { 2: text(2) }),
      }),
      machine: "pc-i440fx-".padEnd(255, "9"),
    },
    {
      ...ramCase("killed at random moments", {
        rules: ["ram-setup-end", "ram-end-present"],
        memory: Buffer.alloc(24 * MIB, "never zero, and long enough to kill "),
      }),
      isKilled: true,
    },
    ...[8, 13, 16, 20].map((bits) => ({
      ...ramCase(`pages of ${2 ** bits} bytes`, {
        rules: ["page-size-valid", "pages-offset-aligned"],
        memory: pages(2 * MIB, { 0: text(0), 1: text(1) }, 2 ** bits),
      }),
      pageSize: 2 ** bits,
    })),
  ];
}

/** Makes a case that QEMU with the machine `none` can load. */
function ramCase(
  name: string,
  { rules, memory }: {
    readonly rules: readonly RuleSlug[];
    readonly memory: Uint8Array;
  },
): WriterCase {
  const blocks = [{ idstr: "ram", memory }];
  return { name, rules, machine: "none", pageSize: 4 * KIB, blocks };
}

function tableCase(
  name: string,
  blocks: readonly WriterBlock[],
  rules: readonly RuleSlug[],
): WriterCase {
  return { name, rules, machine: "none", pageSize: 4 * KIB, blocks };
}

/** Makes memory that is zero except for the starts of some pages. */
function pages(
  length: number,
  content: Readonly<Record<number, readonly number[] | Uint8Array>>,
  pageSize = 4 * KIB,
): Uint8Array {
  const memory = new Uint8Array(length);
  for (const [page, bytes] of Object.entries(content)) {
    memory.set(bytes, Number(page) * pageSize);
  }
  return memory;
}

function text(page: number): Uint8Array {
  return Buffer.from(`page ${page} of a save to be verified `);
}

function zeros(length: number): number[] {
  return new Array<number>(length).fill(0);
}
