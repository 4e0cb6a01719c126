import type { ReadOptions } from "../sources/byte_source.ts";
import { type Architecture, architectureNamed } from "./architecture.ts";
import { type DeviceFields, readDevices } from "./device_fields.ts";
import type { MemoryImage } from "./memory_image.ts";

/** Machines that one architecture alone has; `none` and `virt` are of several. */
const MACHINES: readonly [RegExp, string][] = [
  [/^(pc|q35|isapc|microvm|xenfv|xenpv|nitro-enclave)$/, "x86_64"],
  [/^(pc-(i440fx|q35)|xenfv|rhel\d)[-.\w]*$/, "x86_64"],
  [/^s390-ccw-virtio[-.\w]*$/, "s390x"],
];

/** Bit of `hflags` of an x86 processor: it is in long mode. */
const HF_LMA = 1n << 14n;
/** Start of the number of a system register, as KVM has it, of AArch64. */
const CP_REG_ARM64 = 0x60;
/** Special register LPCR of POWER, and its bit for little-endian interrupts. */
const SPR_LPCR = 0x13e;
const LPCR_ILE = 1n << 25n;
/** Bits of the control register SCTLR: the kernel's data are big-endian. */
const SCTLR_EE = 1n << 25n;
/** Numbers of SCTLR and SCTLR_EL1 among the system registers. */
const SCTLR = [0x603000000013c080n, 0x40200000000f0800n];

/**
 * The architecture of a guest: by the state of its first processor, else by the
 * name of its machine type; undefined where neither says it.
 *
 * @example
 * ```ts
 * import { guestArchitecture, imageOf, openFileSource, openSnapshot } from "../../mod.ts";
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

/** The architecture that a machine type is of; undefined if that is not known. */
export function architectureOfMachine(machine: string): string | undefined {
  return MACHINES.find(([pattern]) => pattern.test(machine))?.[1];
}

/** The architecture of a processor, by the fields that its state has. */
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
  if (length("env.spr") === undefined) return undefined;
  if (length("env.nip") !== 8) return "ppc";
  const lpcr = fields.number("env.spr", 8, SPR_LPCR) ?? 0n;
  return (lpcr & LPCR_ILE) === 0n ? "ppc64" : "ppc64le";
}

/** By the numbers of the system registers, which tell 64 bits from 32. */
function armNameOf(fields: DeviceFields): string | undefined {
  const numbers = fields.bytes("cpreg_vmstate_indexes");
  if (numbers === undefined || numbers.length === 0) return undefined;
  const isWide = numbers.some((byte, at) =>
    at % 8 === 0 && byte === CP_REG_ARM64
  );
  const isBig = (systemControl(fields, numbers.length / 8) & SCTLR_EE) !== 0n;
  return isWide ? isBig ? "aarch64_be" : "aarch64" : isBig ? "armeb" : "arm";
}

/** The value of SCTLR; 0 where the state does not have it. */
function systemControl(fields: DeviceFields, count: number): bigint {
  for (let index = 0; index < count; index++) {
    const number = fields.number("cpreg_vmstate_indexes", 8, index);
    if (number === undefined || !SCTLR.includes(number)) continue;
    return fields.number("cpreg_vmstate_values", 8, index) ?? 0n;
  }
  return 0n;
}
