import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import {
  type ByteSink,
  createFileSink,
  memorySink,
  memorySource,
  openFileSource,
  openSnapshotSync,
  verifySnapshot,
} from "../../../mod.ts";
import {
  listenSocket,
  receiveMigration,
  type ReceiveSummary,
} from "../../../reference/doors/qemu.ts";
import { assertSameBytes } from "./compare_snapshots.ts";
import {
  assertQemuLoads,
  DIRTYING_RAM,
  endMigration,
  HIDDEN,
  SLOWLY,
  startDirtyingGuest,
} from "./dirtying_guest.ts";
import { qemuTest } from "./qemu_test_case.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";
import { migrateSequentially } from "./sequential_migration.ts";

/** Starts listening; `received()` waits for the result. */
async function listening(
  scratch: ScratchDirectory,
  out: string,
): Promise<Listening> {
  const uri = `unix:${scratch.file("socket")}`;
  const listener = await listenSocket(uri);
  const begun = Promise.withResolvers<void>();
  const receiving = listener.accept().then(async (channel) => {
    listener.close();
    const sink = createFileSink(scratch.file(out), { force: true });
    const onProgress = () => begun.resolve();
    return await receiveMigration(channel, sink, { onProgress });
  });
  receiving.catch(() => {});
  return { uri, begun: begun.promise, received: () => receiving };
}

/** What waits for a migration. */
interface Listening {
  readonly uri: string;
  /** Resolves when some of it has come. */
  readonly begun: Promise<void>;
  received(): Promise<ReceiveSummary>;
}

const WAYS = {
  "": [],
  " with XBZRLE": ["xbzrle"],
  " with a return path": ["return-path"],
  " with both": ["xbzrle", "return-path"],
} as const;

for (const [way, capabilities] of Object.entries(WAYS)) {
  qemuTest(
    `receiveMigration() receives a running guest${way}, and QEMU loads it`,
    "x86_64",
    async (scratch) => {
      {
        await using qemu = await startDirtyingGuest(scratch);
        const { uri, received } = await listening(scratch, "received");
        const migrated = migrateSequentially(qemu, uri, {
          capabilities,
          parameters: SLOWLY,
        });
        await endMigration(qemu);
        await migrated;
        const { machine, rounds } = await received();
        assert.match(machine, /^pc-i440fx-/);
        assert.ok(rounds >= 2, `${rounds} rounds`);
        await qemu.pmemsave(0, DIRTYING_RAM, "memory");
      }
      using source = openFileSource(scratch.file("received"));
      const { good, findings } = await verifySnapshot(source);
      assert.deepEqual([good, findings], [true, []]);
      const snapshot = openSnapshotSync(source);
      const found = new Uint8Array(DIRTYING_RAM);
      snapshot.block("pc.ram").readIntoSync(found, 0);
      const seen = new Uint8Array(readFileSync(scratch.file("memory")));
      for (const memory of [found, seen]) memory.fill(0, ...HIDDEN);
      assertSameBytes(memorySource(found), memorySource(seen));
      await assertQemuLoads(scratch, "received");
    },
  );
}

qemuTest(
  "receiveMigration() keeps the old file if QEMU is killed",
  "x86_64",
  async (scratch) => {
    writeFileSync(scratch.file("received"), "precious");
    let received: () => Promise<unknown>;
    {
      await using qemu = await startDirtyingGuest(scratch);
      const listener = await listening(scratch, "received");
      received = listener.received;
      migrateSequentially(qemu, listener.uri, { parameters: SLOWLY })
        .catch(() => {});
      await listener.begun;
    }
    await assert.rejects(received, /Error: Cannot /);
    assert.equal(readFileSync(scratch.file("received"), "utf8"), "precious");
    const leftovers = readdirSync(scratch.path).filter((it) =>
      it.includes("partial")
    );
    assert.deepEqual(leftovers, []);
  },
);

qemuTest(
  "receiveMigration() reports its failure to QEMU, and the guest keeps running",
  "x86_64",
  async (scratch) => {
    await using qemu = await startDirtyingGuest(scratch);
    const uri = `unix:${scratch.file("socket")}`;
    using listener = await listenSocket(uri);
    const full = new Error("the disk is full");
    const sink: ByteSink = {
      ...memorySink(),
      flush: () => Promise.reject(full),
    };
    const received = listener.accept()
      .then((channel) => receiveMigration(channel, sink));
    received.catch(() => {});
    const migrated = migrateSequentially(qemu, uri, {
      capabilities: ["return-path"],
    });
    await assert.rejects(migrated, /Cannot migrate/);
    await assert.rejects(received, full);
    await qemu.waitRunning();
  },
);
