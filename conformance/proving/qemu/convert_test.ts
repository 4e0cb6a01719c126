import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  createFileSink,
  memorySource,
  openFileSource,
  openSnapshot,
  openSnapshotSync,
} from "../../../mod.ts";
import {
  convertSequential,
  openSequential,
  writeSequential,
} from "../../../reference/doors/convert.ts";
import { assertSameBytes } from "./compare_snapshots.ts";
import { compareWithQemu } from "./compare_with_qemu.ts";
import {
  assertQemuLoads,
  DIRTYING_RAM,
  endMigration,
  HIDDEN,
  SLOWLY,
  startDirtyingGuest,
} from "./dirtying_guest.ts";
import { continueSaved } from "./continue_saved.ts";
import { emptyMachine, fillMemory, LIVE_MACHINES } from "./live_machines.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";
import {
  loadSequentially,
  migrateSequentially,
} from "./sequential_migration.ts";

for (const machine of LIVE_MACHINES) {
  const { target } = machine;
  qemuTest(
    `QEMU loads the output of convertSequential() and writeSequential(): ${machine.name}`,
    target,
    async (scratch) => {
      const { args, memory } = fillMemory(machine, scratch);
      const directory = scratch.path;
      {
        await using qemu = await QemuProcess.start({ target, args, directory });
        await migrateSequentially(qemu, "file:stream");
      }
      await convert(scratch, "stream", "snapshot");
      {
        using source = openFileSource(scratch.file("snapshot"));
        const sink = createFileSink(scratch.file("again"));
        await writeSequential(await openSnapshot(source), sink);
      }
      for (const file of ["snapshot", "again"]) {
        await using qemu = await QemuProcess.start({
          target,
          directory,
          args: [...emptyMachine(machine), "-incoming", "defer"],
        });
        if (file === "snapshot") await qemu.incoming(file);
        else await loadSequentially(qemu, `file:${file}`);
        using source = openFileSource(scratch.file("snapshot"));
        const snapshot = openSnapshotSync(source);
        const compared = await compareWithQemu(snapshot, qemu, scratch);
        assert.ok(compared >= machine.visibleLength);
        assertSameBytes(snapshot.block(machine.idstr), memorySource(memory));
      }
    },
  );
}

const VIRTIO = [
  ...["-M", "q35", "-m", "32M,slots=1,maxmem=1G", "-device", "virtio-rng-pci"],
  ...["-blockdev", "null-co,node-name=n0,size=1073741824", "-device", "VGA"],
  ...["-device", "virtio-blk-pci,drive=n0"],
  ...["-object", "memory-backend-ram,id=mem0,size=16M"],
  ...["-device", "virtio-mem-pci,memdev=mem0,requested-size=8M,block-size=2M"],
];
const WAYS = {
  "plainly": [],
  "with dirty bitmaps": ["dirty-bitmaps"],
} as const;

for (const [way, capabilities] of Object.entries(WAYS)) {
  qemuTest(
    `convertSequential() converts a q35 with virtio devices, saved ${way}`,
    "x86_64",
    async (scratch) => {
      const machine = { target: "x86_64", directory: scratch.path } as const;
      {
        await using qemu = await QemuProcess.start({
          ...machine,
          args: VIRTIO,
        });
        await qemu.qmp.execute("block-dirty-bitmap-add", {
          node: "n0",
          name: "bits",
        });
        await migrateSequentially(qemu, "file:stream", { capabilities });
      }
      await convert(scratch, "stream", "snapshot");
      await using qemu = await QemuProcess.start({
        ...machine,
        args: [...VIRTIO, "-incoming", "defer"],
      });
      await qemu.incoming("snapshot", { capabilities });
      using source = openFileSource(scratch.file("snapshot"));
      const snapshot = openSnapshotSync(source);
      assert.ok(await compareWithQemu(snapshot, qemu, scratch) >= 2 ** 25);
      const nodes = await qemu.qmp.execute("query-named-block-nodes") as {
        readonly "dirty-bitmaps"?: readonly { readonly name: string }[];
      }[];
      const names = nodes.flatMap((it) => it["dirty-bitmaps"] ?? [])
        .map(({ name }) => name);
      assert.equal(names.includes("bits"), capabilities.length > 0);
    },
  );
}

qemuTest(
  "openSequential() and convertSequential() read XBZRLE pages",
  "x86_64",
  async (scratch) => {
    await using qemu = await startDirtyingGuest(scratch);
    // A migration that ends early, as nothing has changed for a moment, may
    // have none.
    while (await xbzrlePages(qemu) <= 50) {
      await continueSaved(qemu);
      const migrated = migrateSequentially(qemu, "file:stream", {
        capabilities: ["xbzrle"],
        parameters: SLOWLY,
      });
      await endMigration(qemu);
      await migrated;
    }
    await convert(scratch, "stream", "snapshot");
    await qemu.pmemsave(0, DIRTYING_RAM, "memory");

    using memory = openFileSource(scratch.file("memory"));
    using stream = openFileSource(scratch.file("stream"));
    using sequential = await openSequential(stream, { memoryMax: 0 });
    using converted = openFileSource(scratch.file("snapshot"));
    const snapshot = await openSnapshot(converted);
    const seen = new Uint8Array(DIRTYING_RAM);
    await memory.readInto(seen, 0);
    seen.fill(0, ...HIDDEN);
    for (
      const block of [sequential.block("pc.ram"), snapshot.block("pc.ram")]
    ) {
      const found = new Uint8Array(DIRTYING_RAM);
      await block.readInto(found, 0);
      found.fill(0, ...HIDDEN);
      assertSameBytes(memorySource(found), memorySource(seen));
    }
  },
);

qemuTest(
  "convertSequential() adds the missing END to a background snapshot",
  "x86_64",
  async (scratch) => {
    if (!canWriteProtect()) return;
    {
      await using qemu = await startDirtyingGuest(scratch);
      await migrateSequentially(qemu, "file:stream", {
        capabilities: ["background-snapshot"],
      });
    }
    using stream = openFileSource(scratch.file("stream"));
    using sequential = await openSequential(stream);
    assert.equal(sequential.end.hasEnd, false);
    await convert(scratch, "stream", "snapshot");
    await assertQemuLoads(scratch, "snapshot");
  },
);

/** The number of pages that the last migration sent as deltas. */
async function xbzrlePages({ qmp }: QemuProcess): Promise<number> {
  const info = await qmp.execute("query-migrate") as {
    readonly "xbzrle-cache"?: { readonly pages: number };
  };
  return info["xbzrle-cache"]?.pages ?? 0;
}

async function convert(
  scratch: ScratchDirectory,
  from: string,
  to: string,
): Promise<void> {
  using source = openFileSource(scratch.file(from));
  await convertSequential(source, createFileSink(scratch.file(to)));
}

/**
 * Background snapshots need write protection by userfaultfd, which not all
 * kernels support.
 */
function canWriteProtect(): boolean {
  try {
    const text = execFileSync("grep", ["-c", "userfaultfd", "/proc/kallsyms"]);
    return Number(text.toString()) > 0;
  } catch {
    return false;
  }
}
