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

/** A guest on its way into a QEMU, by postcopy. */
export interface PostcopyGuest extends IncomingMigration {
  /** Who plays the source. */
  readonly source: PostcopySource;
  /** Settles as its serve() does. */
  readonly served: Promise<void>;
}

/** What a test wants of a postcopy migration. */
export interface PostcopyGuestOptions extends PostcopyOptions {
  /** Whether requested pages have a channel of their own. */
  readonly preempted?: boolean;
  /** Capabilities of the destination besides those that postcopy needs. */
  readonly capabilities?: readonly string[];
  /** Whether the destination is told that it is postcopy. Default: true. */
  readonly told?: boolean;
}

/** Has a QEMU that was started for it take in a guest from a snapshot. */
export async function resumeByPostcopy(
  qemu: RunningQemu,
  snapshot: Snapshot,
  options: PostcopyGuestOptions = {},
): Promise<PostcopyGuest> {
  const { preempted = false, told = true, capabilities = [] } = options;
  const needed = [
    ...told ? ["postcopy-ram"] : [],
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
  // It may reject before the test has come to wait for it.
  served.catch(() => {});
  return { ...migration, source, served };
}

/** A QEMU that waits for the guest that counts. */
export function resumingQemu(
  machine: readonly string[],
  scratch: ScratchDirectory,
): Promise<RunningQemu> {
  const args = [...countingGuest(machine), "-serial", "file:after"];
  return startQemu(args, { directory: scratch.path });
}

/** Checks that a guest that did not run yet has the memory that was saved. */
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
