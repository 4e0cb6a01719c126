import assert from "node:assert/strict";
import { statSync } from "node:fs";
import {
  memorySource,
  openFileSource,
  openFileStore,
  openSnapshotSync,
  rewriteSnapshot,
} from "../../../mod.ts";
import { assertSameBytes } from "./compare_snapshots.ts";
import { checkPresentPages, compareWithQemu } from "./compare_with_qemu.ts";
import { randomBytes } from "./known_memory.ts";
import { emptyMachine, fillMemory, LIVE_MACHINES } from "./live_machines.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";

for (const machine of LIVE_MACHINES) {
  const { target, idstr, pageSize, ramLength } = machine;
  qemuTest(
    `rewriteSnapshot() changes a file that QEMU then loads: ${machine.name}`,
    target,
    async (scratch) => {
      const { args, memory } = fillMemory(machine, scratch);
      const directory = scratch.path;
      {
        await using qemu = await QemuProcess.start({ target, args, directory });
        await qemu.save("snapshot");
      }
      const path = scratch.file("snapshot");
      const { size } = statSync(path);

      const lastPage = ramLength / pageSize - 1;
      const firstPresent = memory.findIndex((value) => value !== 0);
      const changes = new Map([
        // Zero to nonzero, one content to another, nonzero to zero.
        [3, randomBytes(pageSize, 11).bytes],
        [Math.floor(firstPresent / pageSize), randomBytes(pageSize, 12).bytes],
        [lastPage, new Uint8Array(pageSize)],
      ]);
      {
        using store = openFileStore(path);
        const rewriter = await rewriteSnapshot(store);
        for (const [page, bytes] of changes) {
          await rewriter.block(idstr).writePage(page, bytes);
          memory.set(bytes, page * pageSize);
        }
        await rewriter.finish();
      }
      assert.equal(statSync(path).size, size);

      await using qemu = await QemuProcess.start({
        target,
        directory,
        args: [...emptyMachine(machine), "-incoming", "defer"],
      });
      await qemu.incoming("snapshot");
      using source = openFileSource(path);
      const snapshot = openSnapshotSync(source);
      const compared = await compareWithQemu(snapshot, qemu, scratch);
      assert.ok(compared >= machine.visibleLength);
      assertSameBytes(snapshot.block(idstr), memorySource(memory));
      checkPresentPages(snapshot.block(idstr));
    },
  );
}
