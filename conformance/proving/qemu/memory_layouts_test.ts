import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createFileSink, openFileSource, openSnapshot } from "../../../mod.ts";
import {
  type AddressSpace,
  type ElfCoreOptions,
  guestBlocks,
  imageOf,
  openElfCore,
  writeElfCore,
} from "../../../reference/doors/convert.ts";
import { memoryMap } from "./memory_map.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** A machine with a kind of memory, and the options that it needs. */
interface Layout {
  readonly name: string;
  readonly args: readonly string[];
  /** The layout that the file does not contain. */
  readonly options?: ElfCoreOptions;
  /** The RAMBlock that is rejected without these options. */
  readonly refused?: string;
}

const backend = (id: string, size: string) => [
  ...["-object", `memory-backend-ram,id=${id},size=${size}`],
];

const LAYOUTS: readonly Layout[] = [
  { name: "i440FX", args: ["-M", "pc", "-m", "64M"] },
  { name: "q35", args: ["-M", "q35", "-m", "64M"] },
  {
    name: "a hotplugged DIMM",
    args: [
      ...["-M", "pc", "-m", "64M,slots=2,maxmem=1G", ...backend("m1", "32M")],
      ...["-device", "pc-dimm,memdev=m1"],
    ],
    options: {
      ranges: [
        { address: 4 * GIB, length: 32 * MIB, idstr: "m1", offset: 0 },
      ],
    },
    refused: "m1",
  },
  {
    name: "an NVDIMM",
    args: [
      ...["-M", "q35,nvdimm=on", "-m", "64M,slots=2,maxmem=1G"],
      ...[...backend("nv", "16M"), "-device", "nvdimm,memdev=nv"],
    ],
    options: {
      ranges: [
        { address: 4 * GIB, length: 16 * MIB, idstr: "nv", offset: 0 },
      ],
    },
    refused: "nv",
  },
  {
    name: "a virtio-mem device",
    args: [
      ...["-M", "q35", "-m", "64M,slots=2,maxmem=1G", ...backend("vm", "64M")],
      ...["-device", "virtio-mem-pci,memdev=vm,requested-size=8M"],
    ],
  },
  {
    name: "two NUMA nodes",
    args: [
      ...["-M", "q35", "-m", "96M", "-smp", "2", ...backend("a", "32M")],
      ...[...backend("b", "64M"), "-numa", "node,memdev=a"],
      ...["-numa", "node,memdev=b"],
    ],
    options: { ram: ["a", "b"] },
    refused: "pc.ram",
  },
  {
    name: "a memory backend with another name",
    args: [
      ...["-M", "q35,memory-backend=x1", "-m", "64M", ...backend("x1", "64M")],
    ],
    options: { ram: "x1" },
    refused: "pc.ram",
  },
];

for (const layout of LAYOUTS) {
  qemuTest(
    `writeElfCore() writes all the memory of QEMU's dump: ${layout.name}`,
    "x86_64",
    async (scratch) => {
      {
        await using qemu = await QemuProcess.start({
          target: "x86_64",
          args: [
            ...["-accel", "tcg", "-nodefaults", "-display", "none"],
            // Without a ROM, which the firmware maps only briefly.
            ...["-device", "VGA,romfile=", ...layout.args],
          ],
          directory: scratch.path,
          bare: true,
        });
        await waitForVideo(qemu);
        await qemu.qmp.execute("stop");
        await qemu.qmp.execute("dump-guest-memory", {
          paging: false,
          protocol: `file:${scratch.file("theirs")}`,
        });
        await qemu.save("snapshot");
      }
      using source = openFileSource(scratch.file("snapshot"));
      const image = imageOf(await openSnapshot(source));
      const { options, refused } = layout;
      if (refused !== undefined) {
        await assert.rejects(
          writeElfCore(image, createFileSink(scratch.file("none"))),
          new RegExp(`Cannot tell .*RAMBlock "${refused}"`),
        );
      }
      const sink = createFileSink(scratch.file("ours"));
      const { leftOut } = await writeElfCore(image, sink, options);
      for (const { idstr, kind, offset } of leftOut) {
        assert.ok(kind === "rom" || offset !== undefined, idstr);
      }

      using theirFile = openFileSource(scratch.file("theirs"));
      using ourFile = openFileSource(scratch.file("ours"));
      const theirs = await openElfCore(theirFile);
      const ours = await openElfCore(ourFile);
      assert.deepEqual(await contents(ours), await contents(theirs));
      const [found, expected] = ["ours", "theirs"].map((it) =>
        readFileSync(scratch.file(it)).subarray(0, 20).toString("hex")
      );
      assert.equal(found, expected);
      await importTheirs(theirs, image.machine ?? "", layout);
    },
  );
}

/** Waits until the firmware has assigned addresses to the display adapter. */
async function waitForVideo(qemu: QemuProcess): Promise<void> {
  for (;;) {
    const map = await memoryMap(qemu);
    if (map.some(({ name }) => name.endsWith("vga.vram"))) return;
    await sleep(50);
  }
}

/** The window of a PC's display adapter, which is memory in some modes. */
const WINDOW = { first: 0xa0000, end: 0xc0000 };

/** The ranges outside that window. */
function* outsideWindow({ ranges }: AddressSpace) {
  for (const { address, length } of ranges) {
    const end = address + length;
    const before = Math.min(end, WINDOW.first);
    const after = Math.max(address, WINDOW.end);
    if (address < before) yield { address, length: before - address };
    if (after < end) yield { address: after, length: end - after };
  }
}

/** Merges adjacent ranges; describes each with a digest of its bytes. */
async function contents(memory: AddressSpace): Promise<string[]> {
  const pieces: { address: number; length: number }[] = [];
  for (const { address, length } of outsideWindow(memory)) {
    const last = pieces.at(-1);
    if (last !== undefined && last.address + last.length === address) {
      last.length += length;
    } else pieces.push({ address, length });
  }
  const texts: string[] = [];
  for (const { address, length } of pieces) {
    const bytes = Buffer.alloc(length);
    await memory.readInto(bytes, address);
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    const hash = Buffer.from(digest).toString("hex");
    texts.push(`${address.toString(16)}+${length.toString(16)} ${hash}`);
  }
  return texts;
}

/**
 * Checks that QEMU's dump is converted to RAMBlocks without loss, or rejected.
 */
async function importTheirs(
  theirs: AddressSpace,
  machine: string,
  { options = {}, refused }: Layout,
): Promise<void> {
  const { ranges } = options;
  if (ranges !== undefined) {
    await assert.rejects(
      guestBlocks(theirs, { machine }),
      /memory at 0x100000000 and after it/,
      refused,
    );
    const { blocks } = await guestBlocks(theirs, { machine, ranges });
    assert.deepEqual(blocks.map(({ idstr }) => idstr), [refused]);
    return;
  }
  const { blocks, leftOut, missing } = await guestBlocks(theirs, { machine });
  assert.deepEqual(blocks.map(({ idstr }) => idstr), ["pc.ram"]);
  assert.deepEqual(missing, []);
  // The display adapter and the firmware.
  assert.deepEqual(
    leftOut.map(({ address }) => address).filter((it) => it >= WINDOW.end),
    [0xfd000000, 0xfffc0000],
  );
}
