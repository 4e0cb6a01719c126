import assert from "node:assert/strict";
import {
  createFileSink,
  memorySource,
  openFileSource,
  openSnapshot,
  openSnapshotSync,
  saveSnapshot,
} from "../../../mod.ts";
import { writeSequential } from "../../../reference/doors/convert.ts";
import { assertSameBytes } from "./compare_snapshots.ts";
import { compareWithQemu } from "./compare_with_qemu.ts";
import { emptyMachine, fillMemory, LIVE_MACHINES } from "./live_machines.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { loadSequentially } from "./sequential_migration.ts";

/** QEMU 10 does not load the files that it saves this way. */
const CAPABILITIES = ["x-ignore-shared"];

for (const machine of LIVE_MACHINES) {
  const { target, idstr, visibleLength } = machine;
  qemuTest(
    `QEMU loads a converted x-ignore-shared stream that omits no RAM: ${machine.name}`,
    target,
    async (scratch) => {
      const { args, memory } = fillMemory(machine, scratch);
      const directory = scratch.path;
      {
        await using qemu = await QemuProcess.start({ target, args, directory });
        await qemu.save("saved", { capabilities: CAPABILITIES });
      }
      using source = openFileSource(scratch.file("saved"));
      const snapshot = await openSnapshot(source);
      assert.ok(snapshot.capabilities.includes("x-ignore-shared"));
      const blocks = snapshot.blocks.map((block) => ({
        idstr: block.idstr,
        source: block,
        usedLength: block.usedLength,
      }));
      const copy = createFileSink(scratch.file("copy"));
      await saveSnapshot(copy, blocks, { deviceStateFrom: snapshot });
      await writeSequential(snapshot, createFileSink(scratch.file("stream")));

      using copied = openFileSource(scratch.file("copy"));
      const expected = openSnapshotSync(copied);
      assert.deepEqual(expected.capabilities, ["mapped-ram"]);
      assertSameBytes(expected.block(idstr), memorySource(memory));
      for (const file of ["copy", "stream"]) {
        await using qemu = await QemuProcess.start({
          target,
          directory,
          args: [...emptyMachine(machine), "-incoming", "defer"],
        });
        if (file === "copy") await qemu.incoming(file);
        else await loadSequentially(qemu, `file:${file}`);
        const compared = await compareWithQemu(expected, qemu, scratch);
        assert.ok(compared >= visibleLength);
      }
    },
  );
}
