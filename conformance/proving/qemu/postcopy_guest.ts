import assert from "node:assert/strict";
import {
  openFileSource,
  openSnapshotSync,
  type Snapshot,
} from "../../../mod.ts";
import {
  connectSocket,
  type IncomingMigration,
  type PostcopyOptions,
  PostcopySource,
  type RunningQemu,
  startIncoming,
  startQemu,
} from "../../../reference/doors/qemu.ts";
import { assertSameMemory } from "./compare_snapshots.ts";
import { countingGuest, pmemsave, save } from "./counting_guest.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const MIB = 2 ** 20;

/** A guest that is being loaded into QEMU by postcopy. */
export interface PostcopyGuest extends IncomingMigration {
  /** The source side of the migration. */
  readonly source: PostcopySource;
  /** The promise of its serve(). */
  readonly served: Promise<void>;
}

/** Options of resumeByPostcopy(). */
export interface PostcopyGuestOptions extends PostcopyOptions {
  /** Whether requested pages have a separate channel. */
  readonly preempted?: boolean;
  /** Capabilities of the destination besides those that postcopy needs. */
  readonly capabilities?: readonly string[];
  /** Whether postcopy-ram is enabled at the destination. Default: true. */
  readonly isEnabled?: boolean;
}

/** Loads a guest from a snapshot into a QEMU that was started for it. */
export async function resumeByPostcopy(
  qemu: RunningQemu,
  snapshot: Snapshot,
  options: PostcopyGuestOptions = {},
): Promise<PostcopyGuest> {
  const { preempted = false, isEnabled = true, capabilities = [] } = options;
  const needed = [
    ...isEnabled ? ["postcopy-ram"] : [],
    ...preempted ? ["postcopy-preempt"] : [],
  ];
  const path = `${qemu.directory}/migration`;
  const migration = await startIncoming(
    qemu.qmp,
    { transport: "socket", type: "unix", path },
    { capabilities: [...needed, ...capabilities] },
  );
  const channel = await connectSocket(`unix:${path}`);
  const preempt = preempted ? await connectSocket(`unix:${path}`) : undefined;
  const source = new PostcopySource(snapshot, { ...options, preempt });
  const served = source.serve(channel);
  // It may reject before the test awaits it.
  served.catch(() => {});
  return { ...migration, source, served };
}

/** A QEMU that waits for the counting guest. */
export function resumingQemu(
  machine: readonly string[],
  scratch: ScratchDirectory,
): Promise<RunningQemu> {
  const args = [...countingGuest(machine), "-serial", "file:after"];
  return startQemu(args, { directory: scratch.path });
}

/** Checks that a guest that has not run yet has the saved memory. */
export async function assertSame(
  qemu: RunningQemu,
  scratch: ScratchDirectory,
): Promise<void> {
  using file = openFileSource(scratch.file("saved"));
  const saved = openSnapshotSync(file);
  await qemu.qmp.execute("migrate-set-capabilities", {
    capabilities: [{ capability: "postcopy-ram", state: false }],
  });
  await save(qemu, "again");
  using again = openFileSource(scratch.file("again"));
  assertSameMemory(openSnapshotSync(again), saved);
  const ram = saved.blocks.find(({ usedLength }) => usedLength >= 2 * MIB);
  assert.ok(ram);
  const range = { first: MIB, end: 2 * MIB };
  const dump = await pmemsave(qemu, range, scratch);
  const memory = ram.readRangeSync({ offset: MIB, length: MIB });
  assert.ok(dump.equals(memory));
}
