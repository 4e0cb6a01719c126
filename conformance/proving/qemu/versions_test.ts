import assert from "node:assert/strict";
import { test } from "node:test";
import { createFileSink, openFileSource, openSnapshot } from "../../../mod.ts";
import { convertSequential } from "../../../reference/doors/convert.ts";
import {
  planMappedResume,
  queryQemu,
  startQemu,
} from "../../../reference/doors/qemu.ts";
import {
  checkCounts,
  countingGuest,
  savedCounter,
  saveRunning,
} from "./counting_guest.ts";
import { findQemus, qemuVersion } from "./find_qemu.ts";
import { resumeByMap } from "./mapped_guest.ts";
import { resumeByPostcopy } from "./postcopy_guest.ts";
import { qemuTest } from "./qemu_test_case.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";
import { migrateSequentially } from "./sequential_migration.ts";

/** A machine that both versions support. */
const MACHINE = ["-M", "pc-q35-10.0,acpi=off", "-m", "4M"];

/** The QEMU programs in PATH by version, the one under test first. */
const programs = new Map(
  findQemus("x86_64").map((program) => [versionOf(program), program] as const)
    .toReversed(),
);
const [[tested, program] = ["", ""], ...others] = [...programs].toReversed();

for (const [version, other] of others) {
  const versions = `QEMU ${tested} to QEMU ${version}`;
  qemuTest(
    `a guest continues, in both ways, from ${versions}`,
    "x86_64",
    async (scratch) => {
      await saveRunning(MACHINE, scratch, { program });
      await goOn(other, "saved", scratch);
    },
  );

  qemuTest(
    `a guest of a converted stream continues, in both ways, from ${versions}`,
    "x86_64",
    async (scratch) => {
      await saveRunning(MACHINE, scratch, {
        program,
        saveAs: (qemu) => migrateSequentially(qemu, "file:stream"),
      });
      using source = openFileSource(scratch.file("stream"));
      await convertSequential(source, createFileSink(scratch.file("saved")));
      await goOn(other, "saved", scratch);
    },
  );
}

if (others.length === 0) {
  const skip = "PATH does not have two versions of QEMU";
  test(
    `a guest continues in another QEMU (skipped: ${skip})`,
    { skip },
    () => {},
  );
}

/** Resumes the guest in QEMU by mapping, then by postcopy. */
async function goOn(
  program: string,
  name: string,
  scratch: ScratchDirectory,
): Promise<void> {
  const counter = savedCounter(scratch, name);
  const args = [...countingGuest(MACHINE), "-serial", "file:after"];
  const options = { program, directory: scratch.path };
  using source = openFileSource(scratch.file(name));
  const snapshot = await openSnapshot(source);
  {
    const qemuFacts = await queryQemu(program);
    const plan = planMappedResume(snapshot, { args, qemu: qemuFacts });
    await using qemu = await startQemu(plan.args, options);
    assert.equal(
      (await resumeByMap(plan, { qemu, scratch })).status,
      "running",
    );
    await checkCounts(qemu, counter, scratch);
  }
  await using qemu = await startQemu(args, options);
  const { guest, served, completed } = await resumeByPostcopy(qemu, snapshot);
  assert.equal((await guest).status, "running");
  await served;
  await completed;
  await checkCounts(qemu, counter, scratch);
}

function versionOf(program: string): string {
  return /\d+\.\d+\.\d+/.exec(qemuVersion(program))?.[0] ?? "";
}
