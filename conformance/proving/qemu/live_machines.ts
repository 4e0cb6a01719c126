import { writeFileSync } from "node:fs";
import type { QemuTarget } from "./find_qemu.ts";
import { filled, lastByteOnly, randomBytes } from "./known_memory.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";
import { loadedRAM, type Piece } from "./vector_case.ts";

const MIB = 2 ** 20;

/** A machine of the live suite, its memory filled before it starts. */
export interface LiveMachine {
  readonly name: string;
  readonly target: QemuTarget;
  readonly pageSize: number;
  /** The RAMBlock of the guest's main memory. */
  readonly idstr: string;
  readonly ramLength: number;
  /** The minimum number of RAMBlock bytes that the guest sees. */
  readonly visibleLength: number;
  /** The range whose contents are not in the main RAMBlock: first byte, end. */
  readonly hidden?: readonly [number, number];
  /** Arguments, without those for memory contents. */
  readonly args: readonly string[];
  readonly pieces: readonly Piece[];
}

/** Every machine that the suite runs. */
export const LIVE_MACHINES: readonly LiveMachine[] = [
  none("none, 8 MiB", 8 * MIB, 2 * MIB),
  none("none, 256 MiB", 256 * MIB, 40 * MIB),
  pc("pc"),
  pc("q35"),
  {
    ...none("sparc64 none, 8 MiB", 8 * MIB, 2 * MIB, 8192),
    target: "sparc64",
  },
];

/**
 * Writes the machine's memory contents.
 *
 * Returns the arguments that load them, and the resulting contents of its main
 * RAMBlock.
 */
export function fillMemory(
  machine: LiveMachine,
  scratch: ScratchDirectory,
): { readonly args: readonly string[]; readonly memory: Uint8Array } {
  const { ramLength, pieces, pageSize } = machine;
  const ram = loadedRAM(ramLength, pieces, pageSize);
  for (const [name, { bytes }] of Object.entries(ram.files)) {
    writeFileSync(scratch.file(name), bytes);
  }
  const { memory } = ram;
  if (machine.hidden !== undefined) memory.fill(0, ...machine.hidden);
  return { args: [...machine.args, ...ram.args], memory };
}

/** The arguments of the same machine with empty memory. */
export function emptyMachine(machine: LiveMachine): readonly string[] {
  return [...machine.args, "-m", `${machine.ramLength / MIB}M`];
}

function none(
  name: string,
  ramLength: number,
  randomLength: number,
  pageSize = 4096,
): LiveMachine {
  const middle = ramLength / 4 / pageSize;
  return {
    name,
    target: "x86_64",
    idstr: "ram",
    args: ["-M", "none"],
    ramLength,
    visibleLength: ramLength,
    pageSize,
    pieces: [
      { page: 0, content: lastByteOnly(pageSize) },
      { page: 5, content: randomBytes(1, 9) },
      { page: 7, content: filled(3 * pageSize, 0) },
      { page: middle, content: randomBytes(randomLength, 1) },
      { page: ramLength / pageSize - 1, content: filled(pageSize, 0xff) },
    ],
  };
}

/**
 * A PC with QEMU's firmware in its ROMs.
 *
 * The guest does not see pc.ram at 0xc0000 to 0xfffff; contents given for
 * 0xc8000 are in pc.rom.
 */
function pc(name: string): LiveMachine {
  return {
    name,
    target: "x86_64",
    idstr: "pc.ram",
    args: ["-M", name],
    ramLength: 16 * MIB,
    visibleLength: 16 * MIB,
    pageSize: 4096,
    hidden: [0xc0000, 0x100000],
    pieces: [
      { page: 1, content: randomBytes(0x1234, 1) },
      { page: 0x80, content: randomBytes(0x20 * 4096, 2) },
      { page: 0xc8, content: randomBytes(0x1800, 3) },
      { page: 0x100, content: lastByteOnly(4096) },
      { page: 0x801, content: randomBytes(MIB, 4) },
      { page: 0xfff, content: filled(4096, 0xff) },
    ],
  };
}
