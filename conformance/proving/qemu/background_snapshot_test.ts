import assert from "node:assert/strict";
import {
  createFileSink,
  memorySource,
  openFileSource,
  openFileStore,
  openSnapshotSync,
} from "../../../mod.ts";
import {
  repairSnapshot,
  saveRepaired,
} from "../../../reference/doors/convert.ts";
import { assertSameBytes } from "./compare_snapshots.ts";
import { checkPresentPages, compareWithQemu } from "./compare_with_qemu.ts";
import { emptyMachine, fillMemory, LIVE_MACHINES } from "./live_machines.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";

const [machine] = LIVE_MACHINES.filter(({ target }) => target === "x86_64");

qemuTest(
  "a background snapshot is refused, repaired, and loads in QEMU",
  "x86_64",
  async (scratch) => {
    assert(machine !== undefined);
    const { args, memory } = fillMemory(machine, scratch);
    const { target, idstr } = machine;
    const directory = scratch.path;
    {
      await using qemu = await QemuProcess.start({ target, args, directory });
      await qemu.qmp.execute("cont");
      await qemu.save("broken", { capabilities: ["background-snapshot"] });
    }
    using broken = openFileSource(scratch.file("broken"));
    assert.throws(() => openSnapshotSync(broken), {
      rule: "ram-end-present",
      message: /; convert --repair rebuilds a background snapshot \(/,
    });
    await saveRepaired(createFileSink(scratch.file("copy")), broken);
    using store = openFileStore(scratch.file("broken"));
    await repairSnapshot(store);

    for (const name of ["broken", "copy"]) {
      await using qemu = await QemuProcess.start({
        target,
        directory,
        args: [...emptyMachine(machine), "-incoming", "defer"],
      });
      await qemu.incoming(name);
      using source = openFileSource(scratch.file(name));
      const snapshot = openSnapshotSync(source);
      const compared = await compareWithQemu(snapshot, qemu, scratch);
      assert.ok(compared >= machine.visibleLength);
      assertSameBytes(snapshot.block(idstr), memorySource(memory));
      checkPresentPages(snapshot.block(idstr));
    }
  },
);
