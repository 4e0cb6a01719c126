import assert from "node:assert/strict";
import { openFileStore, rewriteSnapshot } from "../../../mod.ts";
import { countingGuest, saveRunning } from "./counting_guest.ts";
import type { ResumeCommand } from "./resume_command.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

/** Bytes per MiB. */
export const MIB = 2 ** 20;
/** The machine of the guest. */
export const PC = ["-M", "pc,acpi=off", "-m", "4M"];
/** The guest's serial output goes to the file `after`. */
export const SERIAL = ["-serial", "file:after"];
/** A range of stored pages that the guest never accesses. */
export const STORED = { first: 2 * MIB, end: 4 * MIB };

/** Saves a small guest, including pages that it does not use. */
export async function saveGuest(scratch: ScratchDirectory): Promise<string> {
  await saveRunning(PC, scratch);
  const path = scratch.file("saved");
  using store = openFileStore(path);
  const rewriter = await rewriteSnapshot(store);
  const ram = rewriter.block("pc.ram");
  for (let at = STORED.first; at < STORED.end; at += ram.pageSize) {
    const page = new Uint8Array(ram.pageSize).fill(0xa5);
    await ram.writePage(at / ram.pageSize, page);
  }
  await rewriter.finish();
  return path;
}

/** The single error line of a failed command. */
export async function errorOf(command: ResumeCommand): Promise<string> {
  const { code, stderr } = await command.exited;
  assert.equal(code, 1, stderr);
  const lines = stderr.split("\n").filter((line) => line.startsWith("error:"));
  assert.equal(lines.length, 1, stderr);
  return lines[0];
}

/** QEMU's arguments, with a monitor for the test and a file with its id. */
export function watched(scratch: ScratchDirectory): string[] {
  const monitor = `unix:${scratch.file("monitor")},server=on,wait=off`;
  return [
    ...[...countingGuest(PC), ...SERIAL, "-qmp", monitor],
    ...["-pidfile", scratch.file("pid")],
  ];
}
