import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { statSync } from "node:fs";
import { openFileSource, openSnapshotSync } from "../../../mod.ts";
import { LinuxGuest } from "./linux_guest.ts";
import { RANDOM_FILE } from "./linux_init.ts";
import {
  type LinuxSnapshot,
  linuxSnapshot,
  type LinuxSnapshotOptions,
} from "./linux_snapshots.ts";
import { linuxTest } from "./linux_test_case.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { SerialConsole } from "./serial_console.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const PAGE_SIZE = 4096;

/** The RAM of a q35 from this offset on is mapped above 4 GiB. */
const LOW_MEMORY = 2 * GIB;

const PC: LinuxSnapshotOptions = { machine: "pc", memory: "256M" };
const Q35: LinuxSnapshotOptions = {
  machine: "q35",
  memory: "256M",
  multifd: true,
  channels: 2,
};
const LARGE: LinuxSnapshotOptions = { ...Q35, memory: "5G" };

linuxTest(
  "linuxSnapshot() saves a guest that continues when QEMU loads it: pc",
  async (linux, { path: directory }) => {
    // With two CPUs, two guests boot as fast as one.
    const [snapshot] = await Promise.all([
      linuxSnapshot(linux, PC),
      linuxSnapshot(linux, Q35),
    ]);
    await using guest = await LinuxGuest.start({
      args: [...snapshot.args, "-incoming", "defer"],
      directory,
    });
    await guest.qemu.incoming(snapshot.path);
    const seen = await checkGoesOn(guest, snapshot);
    assert.equal(seen.usedLength, 256 * MIB);
  },
);

linuxTest(
  "linuxSnapshot() saves a guest that continues when QEMU loads it: q35, multifd",
  async (linux, scratch) => {
    const snapshot = await linuxSnapshot(linux, Q35);
    using serial = await SerialConsole.listen(scratch.file("console"));
    await using qemu = await QemuProcess.start({
      target: "x86_64",
      args: [...snapshot.args, ...serial.args, "-incoming", "defer"],
      directory: scratch.path,
      bare: true,
    });
    await using guest = LinuxGuest.at(serial);
    await qemu.incoming(snapshot.path, Q35);
    const seen = await checkGoesOn(guest, snapshot);
    assert.equal(seen.usedLength, 256 * MIB);
  },
);

linuxTest(
  "linuxSnapshot() saves a guest with RAM above 4 GiB, sparse",
  async (linux, { path: directory }) => {
    const snapshot = await linuxSnapshot(linux, LARGE);
    await using guest = await LinuxGuest.start({
      args: [...snapshot.args, "-incoming", "defer"],
      directory,
    });
    await guest.qemu.incoming(snapshot.path, LARGE);
    const seen = await checkGoesOn(guest, snapshot);
    assert.equal(seen.usedLength, 5 * GIB);
    assert.ok(seen.low > 0 && seen.high > 0, JSON.stringify(seen));
    const { size, blocks } = statSync(snapshot.path);
    assert.ok(size > 5 * GIB && blocks * 512 < GIB, `${blocks} blocks`);
  },
);

qemuTest(
  "linuxSnapshot() shares a promise for equal options, and retries after a failure",
  "x86_64",
  async () => {
    const linux = { vmlinuz: "no-kernel", initrd: "no-initrd" };
    const first = linuxSnapshot(linux, PC);
    const same = { memory: PC.memory, machine: PC.machine };
    assert.equal(linuxSnapshot(linux, same), first);
    assert.notEqual(linuxSnapshot(linux, Q35), first);
    await assert.rejects(linuxSnapshot(linux, Q35), /no-kernel/);
    await assert.rejects(first, /no-kernel/);
    const second = linuxSnapshot(linux, PC);
    assert.notEqual(second, first);
    await assert.rejects(second, /no-kernel/);
  },
);

/**
 * Checks that the guest has the memory of the snapshot, and that it runs.
 * Returns statistics of its RAM in the snapshot, which include its file of
 * random bytes.
 */
async function checkGoesOn(
  guest: LinuxGuest,
  snapshot: LinuxSnapshot,
): Promise<SeenRAM> {
  await guest.waitReady();
  assert.equal(await guest.md5(), snapshot.md5);
  const uptime = await guest.uptime();
  assert.ok(uptime > snapshot.uptime, `${uptime} after ${snapshot.uptime}`);
  await guest.console.waitForLine("tick ");
  assert.ok(await guest.uptime() > uptime);
  const seen = readRAM(snapshot, await startOfRandomFile(guest));
  assert.ok(seen.found > 0);
  return seen;
}

/** The first bytes of the guest's file of random bytes, which begin a page. */
async function startOfRandomFile(guest: LinuxGuest): Promise<Uint8Array> {
  const text = await guest.run(`od -An -tx1 -N16 ${RANDOM_FILE}`);
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

interface SeenRAM {
  readonly usedLength: number;
  /** Present pages below LOW_MEMORY. */
  readonly low: number;
  /** Present pages at or above LOW_MEMORY. */
  readonly high: number;
  /** The number of present pages with the requested first bytes. */
  readonly found: number;
}

/**
 * Reads pc.ram of the snapshot: counts present pages, and those that begin with
 * `start`.
 */
function readRAM(snapshot: LinuxSnapshot, start: Uint8Array): SeenRAM {
  using source = openFileSource(snapshot.path);
  const block = openSnapshotSync(source).block("pc.ram");
  const { usedLength } = block;
  const seen = { usedLength, low: 0, high: 0, found: 0 };
  for (const { first, end } of block.presentRunsSync()) {
    const offset = first * PAGE_SIZE;
    if (offset < LOW_MEMORY) seen.low += end - first;
    else seen.high += end - first;
    const length = end * PAGE_SIZE - offset;
    const bytes = Buffer.from(block.readRangeSync({ offset, length }).buffer);
    for (let page = 0; page < length; page += PAGE_SIZE) {
      const found = bytes.subarray(page, page + start.length);
      if (found.equals(start)) seen.found++;
    }
  }
  return seen;
}
