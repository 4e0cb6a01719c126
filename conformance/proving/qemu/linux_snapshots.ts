import process from "node:process";
import type { Linux } from "./find_linux.ts";
import {
  linuxArguments,
  LinuxGuest,
  type LinuxMachine,
} from "./linux_guest.ts";
import type { MigrationOptions } from "./qemu_process.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

/** Options of linuxSnapshot(). */
export interface LinuxSnapshotOptions extends LinuxMachine, MigrationOptions {}

/** A file with a guest that QEMU saved while it ran; must not be changed. */
export interface LinuxSnapshot {
  readonly path: string;
  /** The result of the guest's md5() before saving. */
  readonly md5: string;
  /** The result of the guest's uptime() before saving. */
  readonly uptime: number;
  /** The arguments to resume it, except for its console and `-incoming`. */
  readonly args: readonly string[];
}

const snapshots = new Map<string, Promise<LinuxSnapshot>>();
let scratch: ScratchDirectory | undefined;

/**
 * Boots Linux, lets it fill its memory and saves it while it runs.
 *
 * Booting takes many seconds under TCG, so snapshots are kept until this
 * process, or this test file, ends.
 */
export function linuxSnapshot(
  linux: Linux,
  options: LinuxSnapshotOptions,
): Promise<LinuxSnapshot> {
  const key = JSON.stringify([linux, Object.entries(options).sort()]);
  let snapshot = snapshots.get(key);
  if (snapshot === undefined) {
    scratch ??= scratchUntilExit();
    snapshot = save(linux, options, scratch);
    snapshots.set(key, snapshot);
    snapshot.catch(() => snapshots.delete(key));
  }
  return snapshot;
}

async function save(
  linux: Linux,
  options: LinuxSnapshotOptions,
  { path: directory }: ScratchDirectory,
): Promise<LinuxSnapshot> {
  const args = linuxArguments(linux, options);
  const name = `linux-${snapshots.size}`;
  await using guest = await LinuxGuest.start({ args, directory });
  await guest.waitReady();
  const md5 = await guest.md5();
  const uptime = await guest.uptime();
  await guest.qemu.save(name, options);
  return { path: `${directory}/${name}`, md5, uptime, args };
}

/** A directory that is removed when the process ends. */
function scratchUntilExit(): ScratchDirectory {
  const directory = new ScratchDirectory();
  const remove = () => directory[Symbol.dispose]();
  process.once("exit", remove);
  // Deno ends each test file this way, without the event above.
  if ("Deno" in globalThis) globalThis.addEventListener("unload", remove);
  return directory;
}
