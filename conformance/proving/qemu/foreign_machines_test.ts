import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  createFileSink,
  openFileSource,
  openSnapshot,
  openSnapshotSync,
  saveSnapshot,
  verifySnapshot,
} from "../../../mod.ts";
import {
  planMappedResume,
  queryQemu,
  type RunningQemu,
  startQemu,
} from "../../../reference/doors/qemu.ts";
import { FOREIGN_MACHINES, type ForeignMachine } from "./foreign_machines.ts";
import { checkPresentPages, compareWithQemu } from "./compare_with_qemu.ts";
import { lastByteOnly, randomBytes } from "./known_memory.ts";
import { resumeByMap } from "./mapped_guest.ts";
import { resumeByPostcopy } from "./postcopy_guest.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const MIB = 2 ** 20;
const BASE = ["-accel", "tcg", "-nodefaults", "-display", "none", "-S"];

for (const machine of FOREIGN_MACHINES) {
  const { target, args } = machine;
  const name = `${target} ${args.slice(1).join(" ")}`;
  qemuTest(
    `a guest is read, saved again and resumed in both ways: ${name}`,
    target,
    async (scratch) => {
      await saveFilled(machine, scratch);
      using source = openFileSource(scratch.file("saved"));
      const saved = openSnapshotSync(source);
      assert.deepEqual((await verifySnapshot(source)).findings, []);

      await saveSnapshot(
        createFileSink(scratch.file("ours")),
        saved.blocks.map((block) => ({ idstr: block.idstr, source: block })),
        { deviceStateFrom: saved },
      );
      await loadOurs(machine, scratch);
      const { map, postcopy } = machine.refused ?? {};
      await unlessRefused(byMap(machine, scratch), map);
      await unlessRefused(byPostcopy(machine, scratch), postcopy);
    },
  );
}

/**
 * Saves the machine in QEMU, and compares the snapshot with all of its memory.
 */
async function saveFilled(
  machine: ForeignMachine,
  scratch: ScratchDirectory,
): Promise<void> {
  const { target, pageSize, megabytes, address } = machine;
  const pieces = [
    { at: 8 * MIB, bytes: lastByteOnly(pageSize).bytes },
    { at: 9 * MIB, bytes: randomBytes(0x50123, 1).bytes },
    { at: 16 * MIB, bytes: new Uint8Array(8 * MIB) },
  ];
  await using qemu = await QemuProcess.start({
    target,
    directory: scratch.path,
    args: sized(machine),
  });
  // Overwrite whatever the reset wrote at both ends of RAM: the QEMU that loads
  // writes it again, and the guest must not see that.
  for (const [first, end] of [[0, 32], [megabytes - 16, megabytes]] as const) {
    await qemu.qtest.memset(address + first * MIB, (end - first) * MIB, 0x5a);
  }
  for (const { at, bytes } of pieces) {
    if (bytes.every((byte) => byte === 0)) {
      await qemu.qtest.memset(address + at, bytes.length, 0);
    } else await qemu.qtest.write(address + at, bytes);
  }
  await qemu.save("saved");
  using source = openFileSource(scratch.file("saved"));
  const saved = openSnapshotSync(source);
  const ram = saved.block(machine.idstr);
  assert.equal(ram.usedLength, megabytes * MIB);
  assert.equal(ram.pageSize, pageSize);
  for (const { at, bytes } of pieces) {
    const range = { offset: at, length: bytes.length };
    assert.deepEqual(Buffer.from(ram.readRangeSync(range)), Buffer.from(bytes));
  }
  for (const block of saved.blocks) checkPresentPages(block);
  const compared = await compareWithQemu(saved, qemu, scratch);
  assert.ok(compared >= megabytes * MIB);
}

/** Waits until a guest is resumed, or until QEMU refuses it as expected. */
async function unlessRefused(
  resumed: Promise<void>,
  refusal: RegExp | undefined,
): Promise<void> {
  if (refusal === undefined) await resumed;
  else await assert.rejects(resumed, refusal);
}

/** Loads in QEMU what saveSnapshot() wrote. */
async function loadOurs(
  machine: ForeignMachine,
  scratch: ScratchDirectory,
): Promise<void> {
  await using qemu = await QemuProcess.start({
    target: machine.target,
    directory: scratch.path,
    args: [...sized(machine), "-incoming", "defer"],
  });
  await qemu.incoming("ours");
  await compare(qemu, scratch);
}

async function byMap(
  machine: ForeignMachine,
  scratch: ScratchDirectory,
): Promise<void> {
  const program = `qemu-system-${machine.target}`;
  using source = openFileSource(scratch.file("saved"));
  const plan = planMappedResume(await openSnapshot(source), {
    args: [...BASE, ...sized(machine)],
    qemu: await queryQemu(program),
  });
  await using qemu = await startQemu(plan.args, {
    program,
    directory: scratch.path,
  });
  await resumeByMap(plan, { qemu, scratch });
  await compare(qemu, scratch);
}

async function byPostcopy(
  machine: ForeignMachine,
  scratch: ScratchDirectory,
): Promise<void> {
  using source = openFileSource(scratch.file("ours"));
  await using qemu = await startQemu([...BASE, ...sized(machine)], {
    program: `qemu-system-${machine.target}`,
    directory: scratch.path,
  });
  const saved = openSnapshotSync(source);
  const { served, completed } = await resumeByPostcopy(qemu, saved);
  await completed;
  await served;
  await compare(qemu, scratch);
}

/** Compares all memory that the guest sees with the saved memory. */
async function compare(
  qemu: Pick<RunningQemu, "qmp">,
  scratch: ScratchDirectory,
): Promise<void> {
  using source = openFileSource(scratch.file("saved"));
  await compareWithQemu(openSnapshotSync(source), qemu, scratch);
}

function sized({ args, megabytes }: ForeignMachine): string[] {
  return [...args, "-m", `${megabytes}M`];
}
