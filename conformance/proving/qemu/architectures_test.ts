import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { createFileSink, openFileSource, openSnapshot } from "../../../mod.ts";
import {
  guestArchitecture,
  imageOf,
  openElfCore,
  writeElfCore,
} from "../../../reference/doors/convert.ts";
import type { QemuTarget } from "./find_qemu.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";

const MIB = 2 ** 20;

/** A machine of a target, and the address of its RAM. */
interface Machine {
  readonly target: QemuTarget;
  readonly args: readonly string[];
  /** QEMU's name for the architecture. */
  readonly name: string;
  readonly idstr: string;
  readonly address: number;
  readonly length: number;
  /**
   * Whether this QEMU writes dumps; the others only report the architecture.
   */
  readonly dumps?: false;
}

const MACHINES: readonly Machine[] = [
  {
    target: "x86_64",
    name: "i386",
    idstr: "pc.ram",
    args: ["-M", "pc", "-m", "16M"],
    address: MIB,
    length: 15 * MIB,
  },
  {
    target: "aarch64",
    name: "aarch64",
    idstr: "mach-virt.ram",
    args: ["-M", "virt", "-cpu", "cortex-a57", "-m", "16M"],
    address: 0x40000000,
    length: 16 * MIB,
  },
  {
    target: "aarch64",
    name: "arm",
    idstr: "mach-virt.ram",
    args: ["-M", "virt", "-cpu", "cortex-a15", "-m", "16M"],
    address: 0x40000000,
    length: 16 * MIB,
  },
  {
    target: "arm",
    name: "arm",
    idstr: "mach-virt.ram",
    args: ["-M", "virt", "-cpu", "cortex-a15", "-m", "16M"],
    address: 0x40000000,
    length: 16 * MIB,
  },
  {
    target: "riscv64",
    name: "riscv64",
    idstr: "riscv_virt_board.ram",
    args: ["-M", "virt", "-bios", "none", "-m", "16M"],
    address: 0x80000000,
    length: 16 * MIB,
  },
  {
    target: "riscv32",
    name: "riscv32",
    idstr: "riscv_virt_board.ram",
    args: ["-M", "virt", "-bios", "none", "-m", "16M"],
    address: 0x80000000,
    length: 16 * MIB,
  },
  {
    target: "s390x",
    name: "s390x",
    idstr: "s390.ram",
    args: ["-m", "16M"],
    address: 0,
    length: 16 * MIB,
  },
  {
    target: "ppc64",
    name: "ppc64",
    idstr: "ppc_spapr.ram",
    args: ["-M", "pseries", "-m", "256M"],
    address: 0,
    length: 256 * MIB,
  },
  {
    target: "ppc",
    name: "ppc",
    idstr: "ppc_core99.ram",
    args: ["-M", "mac99", "-m", "64M"],
    address: 0,
    length: 64 * MIB,
  },
  {
    target: "m68k",
    name: "m68k",
    idstr: "m68k_virt.ram",
    dumps: false,
    args: ["-M", "virt", "-m", "16M"],
    address: 0,
    length: 16 * MIB,
  },
  {
    target: "mips",
    name: "mips",
    idstr: "mips_malta.ram",
    dumps: false,
    args: ["-M", "malta", "-m", "32M"],
    address: 0,
    length: 32 * MIB,
  },
  {
    target: "sparc64",
    name: "sparc64",
    idstr: "sun4u.ram",
    dumps: false,
    args: ["-M", "sun4u", "-m", "16M"],
    address: 0,
    length: 16 * MIB,
  },
];

for (const machine of MACHINES) {
  const { target, name, args } = machine;
  qemuTest(
    `writeElfCore() agrees with ${target} QEMU about ${args.join(" ")}`,
    target,
    async (scratch) => {
      const { idstr, address, length, dumps = true } = machine;
      {
        await using qemu = await QemuProcess.start({
          target,
          args,
          directory: scratch.path,
        });
        if (dumps) {
          await qemu.qmp.execute("dump-guest-memory", {
            paging: false,
            protocol: `file:${scratch.file("theirs")}`,
          });
        }
        await qemu.save("snapshot");
      }
      using source = openFileSource(scratch.file("snapshot"));
      const image = imageOf(await openSnapshot(source));
      assert.equal((await guestArchitecture(image))?.name, name);
      const leaveOut = image.blocks.map((it) => it.idstr)
        .filter((it) => it !== idstr);
      const sink = createFileSink(scratch.file("ours"));
      // Below 1 MiB a PC also has memory other than RAM.
      const offset = target === "x86_64" ? MIB : 0;
      const { architecture } = await writeElfCore(image, sink, {
        ranges: [{ address, length, idstr, offset }],
        leaveOut,
      });
      assert.equal(architecture, name);
      if (!dumps) return;

      using theirFile = openFileSource(scratch.file("theirs"));
      const theirs = await openElfCore(theirFile);
      using ourFile = openFileSource(scratch.file("ours"));
      const ours = await openElfCore(ourFile);
      assert.deepEqual(
        { ...theirs.architecture, bits: undefined },
        { ...ours.architecture, bits: undefined },
      );
      const [found, expected] = ["ours", "theirs"].map((it) =>
        readFileSync(scratch.file(it)).subarray(0, 20)
      );
      // A 32-bit core has 64-bit headers if its memory reaches 4 GiB.
      const reachesFar = theirs.byteLength > 0xffffffff;
      assert.ok(found && expected);
      if (reachesFar) found[4] = expected[4] ?? 0;
      assert.deepEqual(found.toJSON(), expected.toJSON());
      const bytes = await Promise.all([ours, theirs].map(async (memory) => {
        const all = Buffer.alloc(length);
        await memory.readInto(all, address);
        return all;
      }));
      assert.equal(Buffer.compare(...bytes as [Buffer, Buffer]), 0);
    },
  );
}
