import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  openFileSource,
  openFileStore,
  openSnapshotSync,
  rewriteSnapshot,
} from "../../../mod.ts";
import { connectSocket, QmpClient } from "../../../reference/doors/qemu.ts";
import { startLiar } from "../http/liar_server.ts";
import {
  checkCounts,
  countingGuest,
  pmemsave,
  savedCounter,
  saveRunning,
} from "../qemu/counting_guest.ts";
import { randomBytes } from "../qemu/known_memory.ts";
import { ResumeCommand } from "../qemu/resume_command.ts";
import type { ScratchDirectory } from "../qemu/scratch_directory.ts";
import { failingAnswers } from "./failing_answers.ts";
import { ProcessMeter } from "./process_meter.ts";

const MIB = 2 ** 20;
const PC = ["-M", "pc,acpi=off", "-m", "64M"];
/** Memory that the guest does not use; it holds the pages that are pushed. */
const UNUSED = { first: 2 * MIB, end: 64 * MIB };
/** Share of the time that pushing takes. */
const PUSH_SHARE = 0.8;

/**
 * Resumes a guest from an unreliable store, so slowly that it takes most of the
 * time, and compares its memory at the end. Returns the figures of the command.
 */
export async function longResume(
  scratch: ScratchDirectory,
  { seconds, random }: {
    readonly seconds: number;
    readonly random: (limit: number) => number;
  },
): Promise<ProcessMeter> {
  await saveRunning(PC, scratch);
  const path = scratch.file("saved");
  await fill(path);
  await using server = await startLiar(readFileSync(path));
  const monitor = `unix:${scratch.file("monitor")}`;
  const bandwidth = (UNUSED.end - UNUSED.first) / (seconds * PUSH_SHARE);
  await using command = new ResumeCommand(scratch.path, [
    ...[server.url, "--max-bandwidth", String(Math.ceil(bandwidth))],
    ...["--", ...countingGuest(PC), "-serial", "file:after"],
    ...["-qmp", `${monitor},server=on,wait=off`],
  ]);
  await command.said(/running/);
  using meter = new ProcessMeter("resume", command.pid);
  server.lie = failingAnswers(random);
  await command.said(/\nall pages are sent/, {
    timeout: seconds * 1000 + 300_000,
  });

  using qmp = await QmpClient.open(await connectSocket(monitor));
  using source = openFileSource(path);
  const ram = openSnapshotSync(source).block("pc.ram");
  await qmp.execute("stop");
  const found = await pmemsave({ qmp }, UNUSED, scratch);
  const { first, end } = UNUSED;
  const saved = ram.readRangeSync({ offset: first, length: end - first });
  assert.ok(found.equals(saved), "the memory of the resumed guest");
  await checkCounts({ qmp }, savedCounter(scratch), scratch);
  command.signal("SIGINT");
  await command.exited;
  return meter;
}

/** Fills the memory that the guest does not use with different pages. */
async function fill(path: string): Promise<void> {
  using store = openFileStore(path);
  const rewriter = await rewriteSnapshot(store);
  const ram = rewriter.block("pc.ram");
  const { bytes } = randomBytes(UNUSED.end - UNUSED.first, 7);
  for (let at = 0; at < bytes.length; at += ram.pageSize) {
    const page = (UNUSED.first + at) / ram.pageSize;
    await ram.writePage(page, bytes.subarray(at, at + ram.pageSize));
  }
  await rewriter.finish();
}
