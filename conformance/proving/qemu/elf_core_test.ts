import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { env } from "node:process";
import { test } from "node:test";
import {
  createFileSink,
  memorySource,
  openFileSource,
  openSnapshot,
  openSnapshotSync,
  saveSnapshot,
} from "../../../mod.ts";
import {
  type AddressSpace,
  guestBlocks,
  imageOf,
  openElfCore,
  openLime,
  writeElfCore,
  writeLime,
} from "../../../reference/doors/convert.ts";
import { assertSameBytes } from "./compare_snapshots.ts";
import { REQUIRE_LINUX } from "./find_linux.ts";
import { linuxArguments, LinuxGuest } from "./linux_guest.ts";
import { linuxTest } from "./linux_test_case.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const CHUNK = 0x100000;

for (const machine of ["pc", "q35"] as const) {
  linuxTest(
    `writeElfCore() matches dump-guest-memory for Linux on ${machine}`,
    async (linux, scratch) => {
      const args = linuxArguments(linux, { machine, memory: "160M" });
      await using guest = await LinuxGuest.start({
        args: [...args, "-smp", "2"],
        directory: scratch.path,
      });
      await guest.waitReady();
      const { qmp } = guest.qemu;
      await qmp.execute("stop");
      await qmp.execute("dump-guest-memory", {
        paging: false,
        protocol: `file:${scratch.file("theirs")}`,
      });
      await guest.qemu.save("snapshot");
      {
        using source = openFileSource(scratch.file("snapshot"));
        const image = imageOf(await openSnapshot(source));
        const summary = await writeElfCore(image, output(scratch, "ours"));
        assert.equal(summary.cpuCount, 2);
        await writeLime(image, output(scratch, "lime"));
      }

      await compareRanges(scratch);
      assert.deepEqual(
        notes(scratch.file("ours")),
        notes(scratch.file("theirs")),
      );
      compareInGdb(scratch);
      await importTheirs(scratch);
    },
  );
}

function output(scratch: ScratchDirectory, name: string) {
  return createFileSink(scratch.file(name));
}

/**
 * Checks that every range of "ours" is in "theirs", with the same bytes;
 * "theirs" also has device memory.
 */
async function compareRanges(scratch: ScratchDirectory): Promise<void> {
  using theirFile = openFileSource(scratch.file("theirs"));
  const theirs = await openElfCore(theirFile);
  using ourFile = openFileSource(scratch.file("ours"));
  const ours = await openElfCore(ourFile);
  using limeFile = openFileSource(scratch.file("lime"));
  const lime = await openLime(limeFile);
  assert.deepEqual(described(lime), described(ours));
  for (const { address, length } of ours.ranges) {
    for (let done = 0; done < length; done += CHUNK) {
      const size = Math.min(CHUNK, length - done);
      const expected = await bytesAt(theirs, address + done, size);
      for (const memory of [ours, lime]) {
        const found = await bytesAt(memory, address + done, size);
        assert.equal(
          Buffer.compare(found, expected),
          0,
          `0x${(address + done).toString(16)}`,
        );
      }
    }
  }
  // The additional ranges of "theirs" are neither RAM nor ROM of the machine.
  const ourBytes = ours.ranges.reduce((sum, { length }) => sum + length, 0);
  assert.ok(ourBytes >= 160 * 2 ** 20 - 0x20000);
  for (const { address, length } of theirs.ranges) {
    const inside = ours.ranges.some((it) =>
      it.address <= address && address + length <= it.address + it.length
    );
    assert.ok(inside || address >= 2 ** 30 || length <= 0x40000);
  }
}

function described({ ranges }: AddressSpace): [number, number][] {
  return ranges.map(({ address, length }) => [address, length]);
}

async function bytesAt(
  memory: AddressSpace,
  address: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length).fill(0x5a);
  await memory.readInto(bytes, address);
  return bytes;
}

/** The notes of a 64-bit core by name and type, in hexadecimal. */
function notes(path: string): string[] {
  const file = readFileSync(path);
  const headers = Number(file.readBigUInt64LE(32));
  assert.equal(
    file.readUInt32LE(headers),
    4,
    "the first segment holds the notes",
  );
  let at = Number(file.readBigUInt64LE(headers + 8));
  const end = at + Number(file.readBigUInt64LE(headers + 32));
  const found: string[] = [];
  while (at < end) {
    const [nameLength, length, type] = [0, 4, 8].map((it) =>
      file.readUInt32LE(at + it)
    ) as [number, number, number];
    const start = at + 12 + Math.ceil(nameLength / 4) * 4;
    const name = file.toString("latin1", at + 12, at + 11 + nameLength);
    const bytes = file.subarray(start, start + length).toString("hex");
    if (name !== "VMCOREINFO") found.push(`${name} ${type} ${bytes}`);
    at = start + Math.ceil(length / 4) * 4;
  }
  return found;
}

/** Compares in gdb the registers of both processors, and some memory. */
function compareInGdb(scratch: ScratchDirectory): void {
  if (!hasGdb()) return;
  const commands = [
    ...["info threads", "thread apply all info registers"],
    ...["x/64xb 0x9fc00", "x/256xg 0x1000000", "x/16xg 0x2000000"],
  ];
  const [ours, theirs] = ["ours", "theirs"].map((core) =>
    execFileSync("gdb", [
      ...["-batch", "-nx", "-ex", `core-file ${scratch.file(core)}`],
      ...commands.flatMap((it) => ["-ex", it]),
    ], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
  );
  assert.match(ours ?? "", /rip +0xffffffff[0-9a-f]{8}/);
  assert.equal(ours, theirs);
}

/** Checks that QEMU's dump can be imported as a snapshot with the same RAM. */
async function importTheirs(scratch: ScratchDirectory): Promise<void> {
  using source = openFileSource(scratch.file("snapshot"));
  const { machine, blocks } = openSnapshotSync(source);
  using core = openFileSource(scratch.file("theirs"));
  const memory = await openElfCore(core);
  const { blocks: imported } = await guestBlocks(memory, { machine });
  const sink = createFileSink(scratch.file("imported"));
  await saveSnapshot(sink, imported, { machine });
  using file = openFileSource(scratch.file("imported"));
  const ram = openSnapshotSync(file).block("pc.ram");
  const expected = blocks.find(({ idstr }) => idstr === "pc.ram");
  assert.ok(expected);
  // A dump lacks the RAM that the guest cannot see.
  const [found, visible] = [ram, expected].map((block) => {
    const bytes = new Uint8Array(block.usedLength);
    block.readIntoSync(bytes, 0);
    return memorySource(bytes.fill(0, 0xa0000, 0x100000));
  });
  assert.ok(found && visible);
  assertSameBytes(found, visible);
}

const GDB = hasGdb();
const NO_GDB = "gdb is not in PATH";

test(`gdb is available for cores${GDB ? "" : ` (skipped: ${NO_GDB})`}`, {
  skip: !GDB && env[REQUIRE_LINUX] !== "1",
}, () => {
  // Its output is compared above.
  assert(GDB, NO_GDB);
});

function hasGdb(): boolean {
  try {
    execFileSync("gdb", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
