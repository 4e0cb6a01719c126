import assert from "node:assert/strict";
import {
  openFileSource,
  openSnapshotSync,
  verifySnapshot,
} from "../../../mod.ts";
import { checkPresentPages, compareWithQemu } from "./compare_with_qemu.ts";
import { fillMemory, LIVE_MACHINES } from "./live_machines.ts";
import { type MigrationOptions, QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";

/** The ways to save; all of them must read the same. */
const WAYS: Readonly<Record<string, MigrationOptions>> = {
  "": {},
  " with multifd": { multifd: true, channels: 2 },
  " at an offset": { offset: 0x12345 },
};

for (const machine of LIVE_MACHINES) {
  for (const [way, options] of Object.entries(WAYS)) {
    qemuTest(
      `openSnapshotSync() reads a file that QEMU saved${way}: ${machine.name}`,
      machine.target,
      async (scratch) => {
        const directory = scratch.path;
        const { target } = machine;
        const { args, memory } = fillMemory(machine, scratch);
        await using qemu = await QemuProcess.start({ target, args, directory });
        await qemu.save("snapshot", options);

        using source = openFileSource(scratch.file("snapshot"));
        const { offset } = options;
        const snapshot = openSnapshotSync(source, { offset });
        const block = snapshot.block(machine.idstr);
        assert.equal(block.usedLength, machine.ramLength);
        assert.equal(block.pageSize, machine.pageSize);
        const compared = await compareWithQemu(snapshot, qemu, scratch);
        assert.ok(compared >= machine.visibleLength);
        for (const each of snapshot.blocks) checkPresentPages(each);
        const lastPage = block.pageCount - 1;
        assert.deepEqual(
          await block.readPage(lastPage),
          memory.slice(lastPage * block.pageSize),
        );
        const { findings } = await verifySnapshot(source, { offset });
        assert.deepEqual(findings, []);
      },
    );
  }
}
