import assert from "node:assert/strict";
import type { Linux } from "./find_linux.ts";
import { LinuxGuest } from "./linux_guest.ts";
import {
  type LinuxSnapshot,
  linuxSnapshot,
  type LinuxSnapshotOptions,
} from "./linux_snapshots.ts";
import { ResumeCommand } from "./resume_command.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";
import { SerialConsole } from "./serial_console.ts";

/** The small guest. */
export const PC = "a pc of 256 MiB";
/** The large guest. */
export const Q35 = "a q35 of 5 GiB, saved with multifd";
type Name = typeof PC | typeof Q35;

/** The guests that are saved once and resumed in each test. */
const SNAPSHOTS: Readonly<Record<Name, LinuxSnapshotOptions>> = {
  [PC]: { machine: "pc", memory: "256M" },
  [Q35]: { machine: "q35", memory: "5G", multifd: true, channels: 2 },
};

/** A snapshot; the first call makes all of them in parallel. */
export async function savedGuest(
  linux: Linux,
  name: Name,
): Promise<LinuxSnapshot> {
  const all = Object.values(SNAPSHOTS);
  await Promise.all(all.map((it) => linuxSnapshot(linux, it)));
  return await linuxSnapshot(linux, SNAPSHOTS[name]);
}

/** Asks a resumed guest for values that only the saved guest can know. */
export async function checkGuest(
  console: SerialConsole,
  snapshot: LinuxSnapshot,
): Promise<LinuxGuest> {
  const guest = LinuxGuest.at(console);
  await guest.waitReady();
  assert.equal(await guest.md5(), snapshot.md5);
  assert.ok(await guest.uptime() > snapshot.uptime);
  return guest;
}

/**
 * Powers off a guest; its QEMU exits, and so does the command that started it.
 */
export async function powerOff(
  guest: LinuxGuest,
  command: ResumeCommand,
): Promise<string> {
  await assert.rejects(guest.run("poweroff -f"), /QEMU is gone/);
  const { code, stderr } = await command.exited;
  assert.equal(code, 0, stderr);
  return stderr;
}

/** Resumes a guest, checks it, and returns the command's output. */
export async function roundTrip(
  snapshot: LinuxSnapshot,
  scratch: ScratchDirectory,
  args: readonly string[],
): Promise<string> {
  using console = await SerialConsole.listen(scratch.file("console"));
  await using command = new ResumeCommand(scratch.path, [
    ...args,
    "--",
    ...snapshot.args,
    ...console.args,
  ]);
  const guest = await checkGuest(console, snapshot);
  return await powerOff(guest, command);
}
