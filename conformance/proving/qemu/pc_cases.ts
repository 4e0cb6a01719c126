import { textPages } from "./known_memory.ts";
import { loadedRAM, type Piece, type VectorCase } from "./vector_case.ts";

const MIB = 2 ** 20;

/**
 * Complete PCs without third-party firmware.
 *
 * The BIOS is generated text, ACPI tables are off, and no device has an option
 * ROM.
 */
export function pcCases(): VectorCase[] {
  return [
    pcCase("pc-blocks", "Three RAMBlocks and the devices of a PC", {
      machine: "pc,acpi=off",
      rules: ["ram-total", "idstr-unique"],
    }),
    pcCase("q35-blocks", "The RAMBlocks and the devices of a q35 PC", {
      machine: "q35,acpi=off",
      rules: ["ram-total", "section-id"],
    }),
    pcCase(
      "pc-virtio-mem",
      "A device section between the START of RAM and its first PART",
      {
        machine: "pc,acpi=off",
        rules: ["early-sections", "idstr-text"],
        memory: "slots=1,maxmem=1G",
        args: [
          ...["-object", "memory-backend-ram,id=mem0,size=4M"],
          "-device",
          "virtio-mem-pci,memdev=mem0,requested-size=2M,block-size=2M",
        ],
        blocks: { "0000:00:02.0/mem0": new Uint8Array(4 * MIB) },
      },
    ),
  ];
}

/** The options in which the PCs differ. */
export interface PCOptions extends Pick<VectorCase, "rules"> {
  readonly machine: string;
  /** The contents of pc.ram. Default: pages of text. */
  readonly pieces?: readonly Piece[];
  readonly memory?: string;
  readonly args?: readonly string[];
  readonly blocks?: Readonly<Record<string, Uint8Array>>;
}

/** A PC that is saved while stopped. */
export function pcCase(
  name: string,
  about: string,
  options: PCOptions,
): VectorCase {
  const ram = loadedRAM(
    2 * MIB,
    options.pieces ?? [
      { page: 1, content: textPages(`${name} pc.ram`, { first: 1, count: 2 }) },
      {
        page: 0x1ff,
        content: textPages(`${name} pc.ram`, { first: 0x1ff, count: 1 }),
      },
    ],
  );
  const bios = textPages(`${name} pc.bios`, { first: 0, count: 16 });
  const [flag = "", size = "", ...pieces] = ram.args;
  const memory = options.memory === undefined
    ? size
    : `${size},${options.memory}`;
  return {
    name,
    about,
    target: "x86_64",
    rules: options.rules,
    args: [
      ...["-M", options.machine, flag, memory, "-bios", "bios.bin"],
      ...["-global", "apic-common.vapic=off", "-net", "none"],
      ...pieces,
      ...options.args ?? [],
    ],
    files: { ...ram.files, "bios.bin": bios },
    memory: {
      "pc.ram": ram.memory,
      "pc.bios": bios.bytes,
      "pc.rom": new Uint8Array(0x20000),
      ...options.blocks,
    },
  };
}
