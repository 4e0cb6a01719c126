import assert from "node:assert/strict";
import {
  createFileSink,
  memorySource,
  openFileSource,
  openSnapshotSync,
  saveSnapshot,
} from "../../../mod.ts";
import { assertSameBytes, assertSameMemory } from "./compare_snapshots.ts";
import { compareWithQemu } from "./compare_with_qemu.ts";
import { randomBytes } from "./known_memory.ts";
import {
  emptyMachine,
  fillMemory,
  LIVE_MACHINES,
  type LiveMachine,
} from "./live_machines.ts";
import { type MigrationOptions, QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

/** The ways in which QEMU loads; the file must load in each of them. */
const WAYS: Readonly<Record<string, MigrationOptions>> = {
  "": {},
  " with multifd": { multifd: true, channels: 2 },
};

for (const machine of LIVE_MACHINES) {
  const bare = machine.args.includes("none");
  for (const [way, options] of Object.entries(WAYS)) {
    qemuTest(
      `saveSnapshot() ${bare ? "writes" : "passes device state on to"} ` +
        `what QEMU loads${way}: ${machine.name}`,
      machine.target,
      async (scratch) => {
        const memory = bare
          ? await saveBareMachine(machine, scratch)
          : await savePCAgain(machine, scratch);
        await loadAndCompare(machine, memory, options, scratch);
      },
    );
  }
}

/** Saves "ours" from memory only. Returns that memory. */
async function saveBareMachine(
  machine: LiveMachine,
  scratch: ScratchDirectory,
): Promise<Uint8Array> {
  const { memory } = fillMemory(machine, scratch);
  await saveSnapshot(
    createFileSink(scratch.file("ours")),
    [{ idstr: machine.idstr, source: memorySource(memory) }],
    { machine: "none", pageSize: machine.pageSize },
  );
  return memory;
}

/**
 * Saves "ours" from QEMU's snapshot, with different contents in the main
 * memory, including where the guest does not see it. Returns those contents.
 */
async function savePCAgain(
  machine: LiveMachine,
  scratch: ScratchDirectory,
): Promise<Uint8Array> {
  const { args, memory } = fillMemory(machine, scratch);
  {
    await using qemu = await QemuProcess.start({
      target: machine.target,
      args,
      directory: scratch.path,
    });
    await qemu.save("theirs");
  }
  memory.set(randomBytes(0x40000, 21).bytes, 0xc0000);
  memory.set(randomBytes(0x5000, 22).bytes, 0x700000);
  memory.fill(0, 0x801000, 0x804000);
  using theirs = openFileSource(scratch.file("theirs"));
  const snapshot = openSnapshotSync(theirs);
  const blocks = snapshot.blocks.map((block) => ({
    idstr: block.idstr,
    source: block.idstr === machine.idstr ? memorySource(memory) : block,
  }));
  const sink = createFileSink(scratch.file("ours"));
  await saveSnapshot(sink, blocks, { deviceStateFrom: snapshot });
  return memory;
}

/**
 * Loads "ours" into a machine with empty memory, compares the memory, and lets
 * QEMU save it again to compare the RAMBlocks that are not mapped at any
 * address.
 */
async function loadAndCompare(
  machine: LiveMachine,
  memory: Uint8Array,
  options: MigrationOptions,
  scratch: ScratchDirectory,
): Promise<void> {
  await using qemu = await QemuProcess.start({
    target: machine.target,
    args: [...emptyMachine(machine), "-incoming", "defer"],
    directory: scratch.path,
  });
  await qemu.incoming("ours", options);
  await qemu.save("again", options);

  using source = openFileSource(scratch.file("ours"));
  const ours = openSnapshotSync(source);
  assertSameBytes(ours.block(machine.idstr), memorySource(memory));
  const compared = await compareWithQemu(ours, qemu, scratch);
  assert.ok(compared >= machine.visibleLength);
  using again = openFileSource(scratch.file("again"));
  assertSameMemory(openSnapshotSync(again), ours);
}
