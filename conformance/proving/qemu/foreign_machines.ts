import type { QemuTarget } from "./find_qemu.ts";

/** A machine of an architecture other than x86. */
export interface ForeignMachine {
  readonly target: QemuTarget;
  /** Arguments, without the size of the memory. */
  readonly args: readonly string[];
  /** The RAMBlock of the main memory. */
  readonly idstr: string;
  /** The guest-physical address of its first byte. */
  readonly address: number;
  readonly megabytes: number;
  readonly pageSize: number;
  /** The ways in which it cannot be resumed, with the error of each. */
  readonly refused?: { readonly map?: RegExp; readonly postcopy?: RegExp };
}

const WRITES_RAM = /machine ".*" may write to its RAM as it starts/;

/** Machines of every architecture that Debian packages an emulator for. */
export const FOREIGN_MACHINES: readonly ForeignMachine[] = [
  machine("aarch64", ["virt"], "mach-virt.ram", { address: 0x4000_0000 }),
  machine(
    "aarch64",
    ["virt,gic-version=3,secure=on", "-cpu", "cortex-a57", "-smp", "2"],
    "mach-virt.ram",
    { address: 0x4000_0000 },
  ),
  machine("arm", ["virt"], "mach-virt.ram", { address: 0x4000_0000 }),
  machine("loongarch64", ["virt"], "loongarch.ram", {}),
  machine("m68k", ["virt"], "m68k_virt.ram", {}),
  machine("mips", ["malta"], "mips_malta.ram", {}),
  machine("ppc", ["mac99"], "ppc_core99.ram", {}),
  machine("ppc64", ["pseries"], "ppc_spapr.ram", {
    megabytes: 256,
    refused: { map: WRITES_RAM },
  }),
  machine("riscv64", ["virt"], "riscv_virt_board.ram", {
    address: 0x8000_0000,
  }),
  machine("s390x", ["s390-ccw-virtio"], "s390.ram", {
    refused: { map: WRITES_RAM },
  }),
  machine("sparc64", ["sun4u"], "sun4u.ram", {
    pageSize: 8192,
    refused: {
      map: WRITES_RAM,
      postcopy: /Target page size bigger than host page size/,
    },
  }),
];

function machine(
  target: QemuTarget,
  [type, ...more]: readonly string[],
  idstr: string,
  others: Partial<ForeignMachine>,
): ForeignMachine {
  const args = ["-M", type, ...more];
  return {
    target,
    args,
    idstr,
    address: 0,
    megabytes: 64,
    pageSize: 4096,
    ...others,
  };
}
