import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  openFileSource,
  openFileStore,
  openSnapshot,
  openSnapshotSync,
} from "../../../mod.ts";
import {
  type MappedResumePlan,
  planMappedResume,
  queryQemu,
  type RunningQemu,
  startQemu,
} from "../../../reference/doors/qemu.ts";
import { assertSameMemory } from "./compare_snapshots.ts";
import {
  checkCounts,
  countingGuest,
  pmemsave,
  save,
  savedCounter,
  saveRunning,
} from "./counting_guest.ts";
import { resumeByMap } from "./mapped_guest.ts";
import { qemuTest } from "./qemu_test_case.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** The memory of two NUMA nodes, in both forms that QEMU accepts. */
const NUMA = [
  ...["-object", "memory-backend-ram,id=node0,size=2M"],
  ...["-object", '{"qom-type":"memory-backend-ram","id":"n1","size":2097152}'],
  ...["-numa", "node,nodeid=0,memdev=node0", "-numa", "node,memdev=n1"],
];
const GUESTS: Readonly<Record<string, readonly string[]>> = {
  "pc": ["-M", "pc,acpi=off", "-m", "4M"],
  "q35": ["-machine", "q35,acpi=off", "-m", "4M"],
  "q35 with NUMA": ["-M", "q35,acpi=off", "-m", "4M", "-smp", "2", ...NUMA],
  "q35 with virtio-mem": [
    ...["-M", "q35,acpi=off", "-m", "4M,slots=1,maxmem=1G"],
    ...["-object", "memory-backend-ram,id=more,size=16M", "-device"],
    "virtio-mem-pci,memdev=more,requested-size=8M,block-size=2M",
  ],
  "q35 with pc-dimm": [
    ...["-M", "q35", "-m", "4M,slots=1,maxmem=1G"],
    ...["-object", "memory-backend-ram,id=dimm,size=128M"],
    ...["-device", "pc-dimm,memdev=dimm"],
  ],
  "pc with a named memory backend": [
    ...["-M", "pc,acpi=off,memory-backend=my.ram", "-m", "4M"],
    ...["-object", "memory-backend-memfd,id=my.ram,size=4M,share=off"],
  ],
};

for (const [name, machine] of Object.entries(GUESTS)) {
  qemuTest(
    `a guest continues with its RAM mapped from the file: ${name}`,
    "x86_64",
    async (scratch) => {
      await saveRunning(machine, scratch);
      const before = hashOf(scratch.file("saved"));
      const counter = savedCounter(scratch);
      const plan = await makePlan(machine, scratch);
      assert.ok(plan.blocks.length >= 1);
      {
        await using qemu = await startQemu(plan.args, {
          directory: scratch.path,
        });
        const { status } = await resumeByMap(plan, { qemu, scratch });
        assert.equal(status, "running");
        await checkCounts(qemu, counter, scratch);
      }
      // The guest has written to its memory, and the file is unchanged.
      assert.equal(hashOf(scratch.file("saved")), before);
    },
  );
}

for (const machine of ["pc,acpi=off", "q35,acpi=off"]) {
  qemuTest(
    `every byte of mapped RAM equals the snapshot: ${machine}`,
    "x86_64",
    async (scratch) => {
      const args = ["-M", machine, "-m", "4M"];
      await saveRunning(args, scratch);
      const stale = await makeStale(scratch);
      const plan = await makePlan(args, scratch);
      await using qemu = await startQemu([...plan.args, "-S"], {
        directory: scratch.path,
      });
      const { status } = await resumeByMap(plan, {
        qemu,
        scratch,
        staleCount: 1,
      });
      assert.equal(status, "paused");

      using source = openFileSource(scratch.file("saved"));
      const saved = openSnapshotSync(source);
      const memory = saved.block("pc.ram").readRangeSync({
        offset: 0,
        length: 4 * MIB,
      });
      assert.ok(memory.subarray(stale, stale + 4096).every((it) => it === 0));
      for (const [first, end] of [[0, 0xa0000], [MIB, 4 * MIB]] as const) {
        const dump = await pmemsave(qemu, { first, end }, scratch);
        assert.ok(dump.equals(memory.subarray(first, end)), `from ${first}`);
      }
      // QEMU now saves the same memory, including memory not mapped at any
      // address.
      await save(qemu, "again");
      using again = openFileSource(scratch.file("again"));
      assertSameMemory(openSnapshotSync(again), saved);
      // After "cont" the guest continues where it stopped.
      await qemu.qmp.execute("cont");
      await checkCounts(qemu, savedCounter(scratch), scratch);
    },
  );
}

for (const machine of ["pc,acpi=off", "q35,acpi=off"]) {
  qemuTest(
    `RAM above 4 GiB is mapped: ${machine}`,
    "x86_64",
    async (scratch) => {
      const args = ["-M", machine, "-m", "5G"];
      await saveRunning(args, scratch);
      const top = 5 * GIB - 4096;
      const page = new Uint8Array(4096).fill(0xa5);
      await storePage(scratch, top, page);
      const plan = await makePlan(args, scratch);
      await using qemu = await startQemu(plan.args, {
        directory: scratch.path,
      });
      const counter = savedCounter(scratch);
      assert.equal(
        (await resumeByMap(plan, { qemu, scratch })).status,
        "running",
      );
      await checkCounts(qemu, counter, scratch);
      // The machine has a hole below 4 GiB: the end of RAM is above 5 GiB.
      const end = await endOfMemory(qemu);
      assert.ok(end > 5 * GIB);
      const dump = await pmemsave(qemu, { first: end - 4096, end }, scratch);
      assert.ok(dump.equals(page));
    },
  );
}

qemuTest(
  "a machine with another RAM size is reported, and no QEMU remains",
  "x86_64",
  async (scratch) => {
    await saveRunning(["-M", "pc,acpi=off", "-m", "4M"], scratch);
    const args = ["-M", "pc,acpi=off", "-m", "8M"];
    const plan = await makePlan(args, scratch);
    await assert.rejects(
      startQemu(plan.args, { directory: scratch.path }),
      /has ended \(exit code 1\): .*size/s,
    );
  },
);

async function makePlan(
  machine: readonly string[],
  scratch: ScratchDirectory,
): Promise<MappedResumePlan> {
  using source = openFileSource(scratch.file("saved"));
  return planMappedResume(await openSnapshot(source), {
    args: [...countingGuest(machine), "-serial", "file:after"],
    qemu: await queryQemu("qemu-system-x86_64"),
  });
}

/** Writes stale bytes for a page whose bit is clear; returns its offset. */
async function makeStale(scratch: ScratchDirectory): Promise<number> {
  using store = openFileStore(scratch.file("saved"));
  const ram = (await openSnapshot(store)).block("pc.ram");
  let page = 2 * MIB / ram.pageSize;
  while (await ram.hasPage(page)) page++;
  const offset = page * ram.pageSize;
  const bytes = new Uint8Array(ram.pageSize).fill(0x55);
  await store.write(bytes, ram.pagesOffset + offset);
  return offset;
}

/** Stores a page that the guest never wrote. */
async function storePage(
  scratch: ScratchDirectory,
  offset: number,
  bytes: Uint8Array,
): Promise<void> {
  const path = scratch.file("saved");
  using store = openFileStore(path);
  const ram = (await openSnapshot(store)).block("pc.ram");
  await store.write(bytes, ram.pagesOffset + offset);
  const page = offset / ram.pageSize;
  const place = ram.bitmapOffset + (page >> 3);
  const bits = new Uint8Array(1);
  await store.readInto(bits, place);
  bits[0] = (bits[0] ?? 0) | 1 << (page & 7);
  await store.write(bits, place);
}

/** The guest-physical address after the last byte of RAM. */
async function endOfMemory(qemu: RunningQemu): Promise<number> {
  const text = await qemu.qmp.monitor("info mtree -f");
  const ends = [...text.matchAll(/-([0-9a-f]{16}) \(prio 0, ram\): pc\.ram/g)];
  return Math.max(...ends.map((it) => Number.parseInt(it[1] ?? "", 16))) + 1;
}

function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
