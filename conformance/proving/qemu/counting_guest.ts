import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openFileSource, openSnapshotSync } from "../../../mod.ts";
import { type RunningQemu, startQemu } from "../../../reference/doors/qemu.ts";
import { COUNTER_ADDRESS, guestProgram } from "./guest_program.ts";
import { runMigration } from "./run_migration.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const BASE = ["-accel", "tcg", "-nodefaults", "-display", "none"];
/** The RAMBlock that holds the counter, by machine of the tests. */
const FIRST_BLOCKS = ["pc.ram", "node0", "my.ram"];

/** Which QEMU saves the counting guest, and how. */
export interface SaveRunningOptions {
  /** Default: the first QEMU in PATH. */
  readonly program?: string;
  /** Default: with mapped-ram. */
  readonly saveAs?: typeof save;
}

/** Lets the guest count for a while, then saves it as "saved". */
export async function saveRunning(
  machine: readonly string[],
  scratch: ScratchDirectory,
  { program = "qemu-system-x86_64", saveAs = save }: SaveRunningOptions = {},
): Promise<void> {
  writeFileSync(scratch.file("guest.bin"), guestProgram());
  const args = [...countingGuest(machine), "-serial", "file:before"];
  await using qemu = await startQemu(args, {
    program,
    directory: scratch.path,
    incoming: false,
  });
  await untilSent(scratch.file("before"), 500);
  await saveAs(qemu, "saved");
}

/** QEMU's arguments for the guest on this machine. */
export function countingGuest(machine: readonly string[]): string[] {
  return [...BASE, ...machine, "-bios", "guest.bin"];
}

/** Saves with mapped-ram and waits for completion. */
export async function save(
  qemu: Pick<RunningQemu, "qmp">,
  filename: string,
): Promise<void> {
  await qemu.qmp.execute("migrate-set-capabilities", {
    capabilities: ["mapped-ram", "events"].map((capability) => ({
      capability,
      state: true,
    })),
  });
  await qemu.qmp.execute("migrate-set-parameters", {
    "max-bandwidth": 2 ** 40,
  });
  await runMigration(qemu.qmp, "migrate", { uri: `file:${filename}` });
}

/** The value of the counter in a snapshot. */
export function savedCounter(
  scratch: ScratchDirectory,
  filename = "saved",
): number {
  using source = openFileSource(scratch.file(filename));
  const range = { offset: COUNTER_ADDRESS, length: 4 };
  const snapshot = openSnapshotSync(source);
  const first = snapshot.blocks.find(({ idstr }) => {
    return FIRST_BLOCKS.includes(idstr);
  });
  assert.ok(first);
  return littleEndian(first.readRangeSync(range));
}

/** Checks that the running guest continues to count from `counter`. */
export async function checkCounts(
  qemu: Pick<RunningQemu, "qmp">,
  counter: number,
  scratch: ScratchDirectory,
): Promise<void> {
  await untilSent(scratch.file("after"), 300);
  await qemu.qmp.execute("stop");
  const sent = readFileSync(scratch.file("after"));
  // It may have been saved between counting and sending the number.
  const next = sent[0] === (counter & 0xff) ? counter : counter + 1;
  for (const [index, value] of sent.entries()) {
    assert.equal(value, (next + index) & 0xff, `serial byte ${index}`);
  }
  const range = { first: COUNTER_ADDRESS, end: COUNTER_ADDRESS + 4 };
  const after = littleEndian(await pmemsave(qemu, range, scratch));
  const steps = after - next + 1 - sent.length;
  assert.ok(steps === 0 || steps === 1, `${after} from ${counter}`);
}

/** Guest-physical memory as QEMU sees it. */
export async function pmemsave(
  qemu: Pick<RunningQemu, "qmp">,
  { first, end }: { readonly first: number; readonly end: number },
  scratch: ScratchDirectory,
) {
  const filename = scratch.file("pmemsave");
  const args = { val: first, size: end - first, filename };
  await qemu.qmp.execute("pmemsave", args);
  return readFileSync(filename);
}

/** Waits until the guest has sent `length` bytes. */
export async function untilSent(
  serialPath: string,
  count: number,
): Promise<void> {
  for (let attempt = 0; attempt < 6000; attempt++) {
    if (statSync(serialPath).size >= count) return;
    await sleep(20);
  }
  throw new Error(`The guest has sent ${statSync(serialPath).size} bytes`);
}

function littleEndian(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}
