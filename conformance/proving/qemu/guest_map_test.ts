import assert from "node:assert/strict";
import { openFileSource } from "../../../mod.ts";
import {
  guestMap,
  type GuestRange,
  imageOf,
  openSequential,
} from "../../../reference/doors/convert.ts";
import { queryQemu } from "../../../reference/doors/qemu.ts";
import { memoryMap, type MemoryRange } from "./memory_map.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { migrateSequentially } from "./sequential_migration.ts";

/** A machine with another layout, which newer versions of QEMU do not have. */
const OLD_MACHINE = "pc-i440fx-2.6";

/** Machines just below and above the size at which RAM is split. */
const MACHINES = [
  "-M none -m 5G",
  "-M pc -m 16M",
  "-M pc -m 3583M",
  "-M pc -m 3584M",
  "-M pc -m 5G -vga std",
  "-M pc,max-ram-below-4g=1G -m 2G",
  `-M ${OLD_MACHINE} -m 5G`,
  "-M q35 -m 2815M",
  "-M q35 -m 2816M",
  "-M q35 -m 5G -device VGA",
  "-M q35,max-ram-below-4g=1G -m 3G",
  "-M microvm -m 3G",
  "-M microvm -m 3071M",
  "-M microvm -m 5G",
] as const;

for (const machine of MACHINES) {
  qemuTest(
    `guestMap() matches QEMU's memory map: ${machine}`,
    "x86_64",
    async (scratch) => {
      const options = {
        target: "x86_64",
        args: machine.split(" "),
        directory: scratch.path,
      } as const;
      if (machine.includes(OLD_MACHINE) && await isTooNew()) {
        const refused = new RegExp(
          `unsupported machine type: "${OLD_MACHINE}"`,
        );
        await assert.rejects(QemuProcess.start(options), refused);
        return;
      }
      await using qemu = await QemuProcess.start(options);
      // The RAM is never written, so a sequential stream is short.
      await migrateSequentially(qemu, "file:stream");
      using source = openFileSource(scratch.file("stream"));
      using stream = await openSequential(source);
      const { ranges: ours } = await guestMap(imageOf(stream));
      assert.deepEqual(described(ours), expected(await memoryMap(qemu)));
    },
  );
}

/** Whether this QEMU lacks the old machine. */
async function isTooNew(): Promise<boolean> {
  const { version } = await queryQemu("qemu-system-x86_64");
  return Number.parseInt(version) >= 11;
}

function described(ranges: readonly GuestRange[]): string[] {
  return ranges.map(({ address, length, idstr, offset }) =>
    line(address, length, idstr, offset)
  );
}

/** The ranges as QEMU prints them, without device memory. */
function expected(ranges: readonly MemoryRange[]): string[] {
  return ranges.filter(({ name }) =>
    /^(ram|.*\.ram|pc\.bios|pc\.rom)$/.test(name)
  )
    .map(({ address, length, name, offset }) =>
      line(address, length, name, offset)
    );
}

function line(
  address: number,
  length: number,
  name: string,
  offset: number,
): string {
  const [from, size, at] = [address, length, offset].map((it) =>
    it.toString(16)
  );
  return `${from}+${size} ${name}@${at}`;
}
