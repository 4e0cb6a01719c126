import assert from "node:assert/strict";
import {
  createFileSink,
  memorySink,
  openFileSource,
  openSnapshot,
} from "../../../mod.ts";
import {
  type AddressSpace,
  imageOf,
  openElfCore,
  writeElfCore,
} from "../../../reference/doors/convert.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";

const MIB = 2 ** 20;

/** Machines with an unusual layout of RAM below 4 GiB. */
const MACHINES = [
  {
    name: "little RAM below 4 GiB",
    args: ["-M", "pc,max-ram-below-4g=16M", "-m", "64M"],
  },
  {
    name: "RAM of odd sizes below 4 GiB",
    args: ["-M", "q35,max-ram-below-4g=20M", "-m", "61448K"],
  },
  {
    name: "only a second display adapter",
    args: ["-M", "pc", "-m", "64M", "-device", "secondary-vga"],
  },
] as const;

for (const { name, args } of MACHINES) {
  qemuTest(
    `writeElfCore() has the RAM at the same addresses as QEMU's dump: ${name}`,
    "x86_64",
    async (scratch) => {
      await saveStopped(scratch.path, args, async (qemu) => {
        await qemu.qmp.execute("dump-guest-memory", {
          paging: false,
          protocol: `file:${scratch.file("theirs")}`,
        });
      });
      using source = openFileSource(scratch.file("snapshot"));
      const image = imageOf(await openSnapshot(source));
      await writeElfCore(image, createFileSink(scratch.file("ours")));
      using theirs = openFileSource(scratch.file("theirs"));
      using ours = openFileSource(scratch.file("ours"));
      assert.deepEqual(
        await contents(await openElfCore(ours)),
        await contents(await openElfCore(theirs)),
      );
    },
  );
}

qemuTest(
  "writeElfCore() assumes no layout if the state of a PC is not described",
  "x86_64",
  async (scratch) => {
    const machine = "pc,suppress-vmdesc=on,max-ram-below-4g=1G";
    await saveStopped(scratch.path, ["-M", machine, "-m", "3G"]);
    using source = openFileSource(scratch.file("snapshot"));
    const image = imageOf(await openSnapshot(source));
    await assert.rejects(
      writeElfCore(image, memorySink()),
      /does not say how much of its 3221225472 bytes of RAM is below 4 GiB/,
    );
    const ranges = [
      { address: 0, length: 1024 * MIB, idstr: "pc.ram", offset: 0 },
    ];
    const sink = createFileSink(scratch.file("ours"));
    const { leftOut } = await writeElfCore(image, sink, { ranges });
    assert.deepEqual(
      leftOut.filter(({ kind }) => kind === "ram"),
      [{
        idstr: "pc.ram",
        kind: "ram",
        offset: 1024 * MIB,
        length: 2048 * MIB,
      }],
    );
  },
);

/** Saves a machine that was never started. */
async function saveStopped(
  directory: string,
  args: readonly string[],
  before?: (qemu: QemuProcess) => Promise<void>,
): Promise<void> {
  await using qemu = await QemuProcess.start({
    target: "x86_64",
    args: ["-S", "-nodefaults", "-display", "none", ...args],
    directory,
    bare: true,
  });
  await before?.(qemu);
  await qemu.save("snapshot");
}

/** Merges adjacent ranges; describes each with a digest of its bytes. */
async function contents(memory: AddressSpace): Promise<string[]> {
  const pieces: { address: number; length: number }[] = [];
  for (const { address, length } of memory.ranges) {
    const last = pieces.at(-1);
    if (last !== undefined && last.address + last.length === address) {
      last.length += length;
    } else pieces.push({ address, length });
  }
  return await Promise.all(pieces.map(async ({ address, length }) => {
    const bytes = new Uint8Array(length);
    await memory.readInto(bytes, address);
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    return `${address.toString(16)}+${length.toString(16)} ` +
      new Uint8Array(digest).toHex();
  }));
}
