import {
  filled,
  lastByteOnly,
  randomBytes,
  textPages,
} from "./known_memory.ts";
import { pcCase, pcCases } from "./pc_cases.ts";
import type { QemuProcess } from "./qemu_process.ts";
import { migrateSequentially } from "./sequential_migration.ts";
import { staleCase } from "./stale_case.ts";
import { loadedRAM, type Piece, type VectorCase } from "./vector_case.ts";

const MIB = 2 ** 20;
/** Saves a sequential stream. */
const SEQUENTIAL = {
  sequential: true,
  save: (qemu: QemuProcess, path: string): Promise<void> =>
    migrateSequentially(qemu, `file:${path}`),
} as const;
const UUID = "6d617070-6564-2d72-616d-2d7665637472";

/** Every vector that QEMU writes. */
export function vectorCases(): VectorCase[] {
  return [
    noneCase("none-4m", "4 MiB of RAM, saved while the machine is stopped", {
      rules: ["clear-bit-zero", "set-bit-stored", "bitmap-order"],
    }),
    noneCase("none-multifd", "The same RAM, saved through two channels", {
      rules: ["clear-bit-zero", "set-bit-stored"],
      options: { multifd: true, channels: 2 },
    }),
    noneCase(
      "none-zero-page-detection-none",
      "Zero pages are written and their bits set",
      {
        rules: ["set-bit-stored"],
        options: { zeroPageDetection: "none" },
        allPresent: true,
      },
      MIB,
    ),
    noneCase("none-offset", "The stream starts at 0x12345 in the file", {
      rules: ["offsets-absolute"],
      options: { offset: 0x12345 },
    }, MIB),
    noneCase("none-uuid", "The configuration holds the UUID of the machine", {
      rules: ["configuration-subsection"],
      args: ["-uuid", UUID],
      options: { capabilities: ["validate-uuid"] },
    }, MIB),
    noneCase(
      "none-suppress-vmdesc",
      "The file ends with the EOF item: no vmdesc follows",
      {
        rules: ["vmdesc-present"],
        findings: ["vmdesc-present"],
        machine: "none,suppress-vmdesc=on",
      },
      MIB,
    ),
    noneCase("none-sequential", "A sequential stream: pages as records", {
      rules: ["record-last", "record-continue"],
      ...SEQUENTIAL,
    }, MIB),
    {
      ...pcCase("pc-sequential", "A sequential stream of a PC", {
        machine: "pc,acpi=off",
        rules: ["record-last", "record-block"],
      }),
      ...SEQUENTIAL,
    },
    dirtyBitmapCase(
      "none-dirty-bitmaps",
      "A dirty bitmap among the sections of RAM; a low bandwidth keeps the PARTs few",
      { maxBandwidth: 20_000 },
    ),
    dirtyBitmapCase(
      "none-many-parts",
      "A dirty bitmap and tens of thousands of empty PARTs",
      {},
    ),
    noneCase(
      "none-background-snapshot",
      "A background snapshot: no END of RAM, every bit clear, pages stored",
      {
        rules: ["ram-end-present"],
        options: { capabilities: ["background-snapshot"] },
        prepare: async (qemu) => void await qemu.qmp.execute("cont"),
        refused: "ram-end-present",
      },
      MIB,
    ),
    sparcCase(),
    staleCase(),
    ...pcCases(),
  ];
}

interface NoneOptions extends
  Pick<
    VectorCase,
    | "rules"
    | "findings"
    | "options"
    | "prepare"
    | "allPresent"
    | "refused"
    | "sequential"
    | "save"
  > {
  readonly args?: readonly string[];
  readonly machine?: string;
}

function noneCase(
  name: string,
  about: string,
  options: NoneOptions,
  length = 4 * MIB,
): VectorCase {
  const lastPage = length / 4096 - 1;
  const ram = loadedRAM(length, [
    { page: 0, content: textPages(name, { first: 0, count: 1 }) },
    { page: 3, content: randomBytes(2 * 4096 + 1, 1) },
    { page: 8, content: lastByteOnly(4096) },
    { page: 10, content: filled(2 * 4096, 0) },
    { page: 12, content: filled(4096, 0xff) },
    { page: 62, content: textPages(name, { first: 62, count: 5 }) },
    { page: lastPage, content: textPages(name, { first: lastPage, count: 1 }) },
  ]);
  const { args = [], machine = "none", ...rest } = options;
  return {
    name,
    about,
    target: "x86_64",
    files: ram.files,
    args: ["-M", machine, ...ram.args, ...args],
    memory: { ram: ram.memory },
    ...rest,
  };
}

function dirtyBitmapCase(
  name: string,
  about: string,
  options: { readonly maxBandwidth?: number },
): VectorCase {
  return noneCase(name, about, {
    rules: ["early-sections", "ram-parts-any", "dirty-bitmap-record"],
    args: ["-blockdev", "null-co,node-name=disk0,size=1048576"],
    options: { capabilities: ["dirty-bitmaps"], ...options },
    prepare: async ({ qmp }) => {
      await qmp.execute("block-dirty-bitmap-add", {
        node: "disk0",
        name: "bitmap0",
      });
      await qmp.monitor('qemu-io disk0 "write 131072 65536"');
    },
  }, MIB);
}

/** A target whose page size is not 4 KiB. */
function sparcCase(): VectorCase {
  const name = "sparc64-none";
  const pages: Piece[] = [1, 62].map((first) => ({
    page: first,
    content: textPages(name, { first, count: 3 }, 8192),
  }));
  const ram = loadedRAM(MIB, pages, 8192);
  return {
    name,
    target: "sparc64",
    files: ram.files,
    about: "A target with pages of 8 KiB",
    rules: ["page-size-valid"],
    args: ["-M", "none", ...ram.args],
    memory: { ram: ram.memory },
  };
}
