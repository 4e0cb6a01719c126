import type { ReadOptions } from "../sources/mod.ts";
import { type Architecture, architectureNamed } from "./architecture.ts";
import { type DeviceFields, readDevices } from "./device_fields.ts";
import type { MemoryImage } from "./memory_image.ts";

/** Machines of a single architecture; `none` and `virt` exist in several. */
const MACHINES: readonly [RegExp, string][] = [
  [/^(pc|q35|isapc|microvm|xenfv|xenpv|nitro-enclave)$/, "x86_64"],
  [/^(pc-(i440fx|q35)|xenfv|rhel\d)[-.\w]*$/, "x86_64"],
  [/^s390-ccw-virtio[-.\w]*$/, "s390x"],
];

/** Bit of `hflags` of an x86 processor: in long mode. */
const HF_LMA = 1n << 14n;
/** Bit of a MIPS processor's first configuration register: big-endian. */
const CONFIG_BE = 1n << 15n;
/** Special register LPCR of POWER, and its bit for little-endian interrupts. */
const SPR_LPCR = 0x13e;
const LPCR_ILE = 1n << 25n;
/**
 * The control registers of an ARM kernel, by number among the system registers.
 */
const SCTLR: readonly {
  readonly number: bigint;
  readonly little: string;
  readonly big: string;
}[] = [
  { number: 0x603000000013c080n, little: "aarch64", big: "aarch64_be" },
  { number: 0x40200000000f0800n, little: "arm", big: "armeb" },
];
/** Their bit for big-endian data. */
const SCTLR_EE = 1n << 25n;

/**
 * Returns the architecture of a guest, by the state of its first processor,
 * else by its machine type; undefined if neither shows it.
 *
 * @example
 * ```ts
 * import { openFileSource, openSnapshot } from "../../mod.ts";
 * import {
 *   guestArchitecture,
 *   imageOf,
 * } from "../doors/convert.ts";
 *
 * async function print(path: string): Promise<void> {
 *   using source = openFileSource(path);
 *   const image = imageOf(await openSnapshot(source));
 *   console.log((await guestArchitecture(image))?.name);
 * }
 * ```
 */
export async function guestArchitecture(
  image: MemoryImage,
  options?: ReadOptions,
): Promise<Architecture | undefined> {
  if (image.architecture !== undefined) return image.architecture;
  const processors = await readDevices(image, (it) => it === "cpu", options);
  const [first] = processors.toSorted((a, b) => a.instanceId - b.instanceId);
  const { machine } = image;
  const name = (first && nameOf(first)) ??
    (machine === undefined ? undefined : architectureOfMachine(machine));
  return name === undefined ? undefined : architectureNamed(name);
}

/** Returns the architecture of a machine type; undefined if not known. */
export function architectureOfMachine(machine: string): string | undefined {
  return MACHINES.find(([pattern]) => pattern.test(machine))?.[1];
}

/** Returns the architecture of a processor, by the fields of its state. */
function nameOf(fields: DeviceFields): string | undefined {
  const length = (name: string) => fields.bytes(name)?.length;
  if (length("env.eip") !== undefined) {
    const hflags = fields.number("env.hflags", 4) ?? 0n;
    return (hflags & HF_LMA) === 0n ? "i386" : "x86_64";
  }
  if (length("env.xregs") !== undefined) return armNameOf(fields);
  if (length("env.misa_mxl") !== undefined) {
    return fields.number("env.misa_mxl", 4) === 1n ? "riscv32" : "riscv64";
  }
  if (length("env.psw.addr") !== undefined) return "s390x";
  if (length("env.CSR_CRMD") !== undefined) return "loongarch64";
  if (length("env.dregs") !== undefined) return "m68k";
  if (length("env.gregs") !== undefined) {
    return length("env.pc") === 8 ? "sparc64" : "sparc";
  }
  if (length("env.CP0_Config0") !== undefined) {
    const config = fields.number("env.CP0_Config0", 4) ?? 0n;
    const wide = length("env.btarget") === 8 ? "64" : "";
    return `mips${wide}${(config & CONFIG_BE) === 0n ? "el" : ""}`;
  }
  if (length("env.spr") === undefined) return undefined;
  if (length("env.nip") !== 8) return "ppc";
  const lpcr = fields.number("env.spr", 8, SPR_LPCR) ?? 0n;
  return (lpcr & LPCR_ILE) === 0n ? "ppc64" : "ppc64le";
}

/**
 * Uses the control register, which 64-bit and 32-bit processors number
 * differently.
 */
function armNameOf(fields: DeviceFields): string | undefined {
  const count = (fields.bytes("cpreg_vmstate_indexes")?.length ?? 0) / 8;
  for (let index = 0; index < count; index++) {
    const number = fields.number("cpreg_vmstate_indexes", 8, index);
    const kind = SCTLR.find((it) => it.number === number);
    if (kind === undefined) continue;
    const value = fields.number("cpreg_vmstate_values", 8, index) ?? 0n;
    return (value & SCTLR_EE) === 0n ? kind.little : kind.big;
  }
  return undefined;
}
