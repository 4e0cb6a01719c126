/**
 * Resumes the guest of a snapshot by map, leaves it stopped, and tells what its
 * QEMU has in some pages of its memory. As a program, which also runs in the
 * emulated machine, it takes and prints JSON.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import process from "node:process";
import { connectSocket, QmpClient } from "../../../reference/doors/qemu.ts";
import { type CommandExit, ResumeCommand } from "../qemu/resume_command.ts";

/** Which guest is resumed, and how. */
export interface GuestRequest {
  /** Path of the snapshot. */
  readonly file: string;
  /** Path of the guest's program. */
  readonly bios: string;
  /** Numbers of the pages to read. */
  readonly pages: readonly number[];
  /** Options of `resume`. */
  readonly options: readonly string[];
  /** Program to start as QEMU. Default: the first in PATH. */
  readonly qemu?: string;
}

/** What QEMU had. */
export interface GuestPages {
  /** SHA-256 of each page; it ends before a page that QEMU did not have. */
  readonly pages: readonly string[];
  /** If `resume` has ended: its exit code, and what it printed. */
  readonly exit?: CommandExit;
}

const PAGE = 4096;
const TIMEOUT_MS = 180_000;

/** The guest, for a QEMU that saves it and one that resumes it. */
export const MACHINE = ["-M", "pc,acpi=off", "-m", "4M"];

/** Resumes a guest, and reads its pages in their order. */
export async function readGuestPages(
  { file, bios, pages, options, qemu = "qemu-system-x86_64" }: GuestRequest,
): Promise<GuestPages> {
  const folder = mkdtempSync("/tmp/guest-");
  const command = new ResumeCommand(folder, [
    ...[file, "--via", "map", "--paused", "--json", ...options, "--", qemu],
    ...["-accel", "tcg", "-nodefaults", "-display", "none", ...MACHINE],
    ...["-bios", bios, "-serial", "null"],
    ...["-qmp", "unix:monitor,server=on,wait=off"],
  ]);
  const isLoaded = () => command.events.some(({ event }) => event === "done");
  const found: string[] = [];
  try {
    const what = "loading the guest";
    await command.until(what, isLoaded, { timeout: TIMEOUT_MS });
    const channel = await connectSocket(`unix:${folder}/monitor`);
    using qmp = await QmpClient.open(channel);
    for (const page of pages) {
      const filename = `${folder}/page`;
      const place = { val: page * PAGE, size: PAGE };
      await qmp.execute("pmemsave", { ...place, filename });
      const hash = createHash("sha256").update(readFileSync(filename));
      found.push(hash.digest("hex"));
    }
    return { pages: found };
  } catch {
    return { pages: found, exit: await command.exited };
  } finally {
    await command[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const request: GuestRequest = JSON.parse(process.argv[2] ?? "");
  console.log(JSON.stringify(await readGuestPages(request)));
}
