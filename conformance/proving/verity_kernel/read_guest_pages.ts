/**
 * Runs in the emulated machine: resumes the guest of a snapshot by map, leaves
 * it stopped, and prints what its QEMU has in some pages of its memory.
 *
 * ```sh
 * read_guest_pages.ts FILE GUEST_PROGRAM 17,18 [RESUME_OPTION...]
 * ```
 *
 * @module
 */

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import process from "node:process";
import { connectSocket, QmpClient } from "../../../reference/doors/qemu.ts";
import { type CommandExit, ResumeCommand } from "../qemu/resume_command.ts";

/** What is printed, as JSON. */
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

async function readGuestPages(
  [file = "", bios = "", list = "", ...options]: readonly string[],
): Promise<GuestPages> {
  const folder = mkdtempSync("/tmp/guest-");
  await using command = new ResumeCommand(folder, [
    ...[file, "--via", "map", "--paused", "--json", ...options, "--"],
    ...["-accel", "tcg", "-nodefaults", "-display", "none", ...MACHINE],
    ...["-bios", bios, "-serial", "null"],
    ...["-qmp", "unix:monitor,server=on,wait=off"],
  ]);
  const isLoaded = () => command.events.some(({ event }) => event === "done");
  const pages: string[] = [];
  try {
    const what = "loading the guest";
    await command.until(what, isLoaded, { timeout: TIMEOUT_MS });
    const channel = await connectSocket(`unix:${folder}/monitor`);
    using qmp = await QmpClient.open(channel);
    for (const page of list.split(",").map(Number)) {
      const filename = `${folder}/page`;
      const place = { val: page * PAGE, size: PAGE };
      await qmp.execute("pmemsave", { ...place, filename });
      const hash = createHash("sha256").update(readFileSync(filename));
      pages.push(hash.digest("hex"));
    }
    return { pages };
  } catch {
    return { pages, exit: await command.exited };
  }
}

if (import.meta.main) {
  console.log(JSON.stringify(await readGuestPages(process.argv.slice(2))));
}
