import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ByteSource,
  openFileSource,
  openSnapshot,
  openSnapshotSync,
  type SourceReadOptions,
} from "../../../mod.ts";
import { startQemu } from "../../../reference/doors/qemu.ts";
import {
  checkCounts,
  countingGuest,
  save,
  savedCounter,
  saveRunning,
} from "./counting_guest.ts";
import {
  assertSame,
  resumeByPostcopy,
  resumingQemu,
} from "./postcopy_guest.ts";
import { qemuTest } from "./qemu_test_case.ts";

const NUMA = [
  ...["-object", "memory-backend-ram,id=node0,size=2M"],
  ...["-object", "memory-backend-memfd,id=n1,size=2M,share=on"],
  ...["-numa", "node,nodeid=0,memdev=node0", "-numa", "node,memdev=n1"],
];
/** Half of its device's state is in a section before the pages. */
const VIRTIO_MEM = [
  ...["-object", "memory-backend-ram,id=more,size=16M", "-device"],
  "virtio-mem-pci,memdev=more,requested-size=8M,block-size=2M",
];
const PC_DIMM = [
  ...["-object", "memory-backend-ram,id=dimm,size=128M"],
  ...["-device", "pc-dimm,memdev=dimm"],
];
const GUESTS: Readonly<Record<string, readonly string[]>> = {
  "pc": ["-M", "pc,acpi=off", "-m", "4M"],
  "q35": ["-M", "q35,acpi=off", "-m", "4M"],
  "q35 with NUMA, one node shared": [
    ...["-M", "q35,acpi=off", "-m", "4M", "-smp", "2", ...NUMA],
  ],
  "q35 with virtio-mem": [
    ...["-M", "q35,acpi=off", "-m", "4M,slots=1,maxmem=1G", ...VIRTIO_MEM],
  ],
  "q35 with pc-dimm": [
    ...["-M", "q35", "-m", "4M,slots=1,maxmem=1G", ...PC_DIMM],
  ],
  "q35 with RAM above 4 GiB": ["-M", "q35,acpi=off", "-m", "5G"],
};

/**
 * QEMU's statistics of waiting for pages; the latencies exist since version 11.
 */
interface Blocktime {
  readonly status: string;
  readonly "postcopy-blocktime"?: number;
  readonly "postcopy-vcpu-blocktime"?: readonly number[];
  readonly "postcopy-latency"?: number;
  readonly "postcopy-non-vcpu-latency"?: number;
  readonly "postcopy-latency-dist"?: readonly number[];
  readonly "postcopy-vcpu-latency"?: readonly number[];
}

for (const [name, machine] of Object.entries(GUESTS)) {
  for (const preempted of [false, true]) {
    const way = preempted ? ", a channel for requested pages" : "";
    qemuTest(
      `a guest continues while its pages are sent on demand: ${name}${way}`,
      "x86_64",
      async (scratch) => {
        await saveRunning(machine, scratch);
        using file = openFileSource(scratch.file("saved"));
        const saved = openSnapshotSync(file);
        await using qemu = await resumingQemu(machine, scratch);
        const { guest, served, completed, source } = await resumeByPostcopy(
          qemu,
          saved,
          { preempted },
        );
        assert.equal((await guest).status, "running");
        await served;
        await completed;
        const { requestedPages, pushedPages } = source.statistics;
        const present = saved.blocks.reduce(
          (sum, block) =>
            [...block.presentRunsSync()].reduce(
              (count, { first, end }) => count + end - first,
              sum,
            ),
          0,
        );
        // Zero pages are sent only on request.
        assert(requestedPages + pushedPages >= present);
        assert(pushedPages <= present);
        await checkCounts(qemu, savedCounter(scratch), scratch);
      },
    );
  }
}

for (const [name, machine] of Object.entries(GUESTS).slice(0, 5)) {
  qemuTest(
    `every byte of RAM equals the snapshot after postcopy: ${name}`,
    "x86_64",
    async (scratch) => {
      await saveRunning(machine, scratch);
      using file = openFileSource(scratch.file("saved"));
      const saved = openSnapshotSync(file);
      await using qemu = await resumingQemu([...machine, "-S"], scratch);
      const { served, completed } = await resumeByPostcopy(qemu, saved);
      await served;
      await completed;
      await assertSame(qemu, scratch);
    },
  );
}

/** A source that pushes nothing until the test permits it. */
class PatientSource implements ByteSource {
  readonly name = "patient";
  readonly byteLength: number;
  readonly #source: ByteSource;
  readonly #pushed = Promise.withResolvers<void>();

  constructor(source: ByteSource) {
    this.#source = source;
    this.byteLength = source.byteLength;
  }

  /** Answers the reads of pages that were not requested. */
  push(): void {
    this.#pushed.resolve();
  }

  async readInto(
    target: Uint8Array,
    offset: number,
    { background = false }: SourceReadOptions = {},
  ): Promise<void> {
    if (background) await this.#pushed.promise;
    await this.#source.readInto(target, offset);
  }
}

for (const preempted of [false, true]) {
  const way = preempted ? ", a channel for requested pages" : "";
  qemuTest(
    `QEMU reports how long the guest has waited for pages${way}`,
    "x86_64",
    async (scratch) => {
      const machine = GUESTS.q35 ?? [];
      await saveRunning(machine, scratch);
      using file = openFileSource(scratch.file("saved"));
      const patient = new PatientSource(file);
      const snapshot = await openSnapshot(patient);
      await using qemu = await resumingQemu(machine, scratch);
      const { guest, served, completed, source } = await resumeByPostcopy(
        qemu,
        snapshot,
        { preempted, capabilities: ["postcopy-blocktime"] },
      );
      await guest;
      while (source.statistics.requestedPages === 0) await sleep(5);
      patient.push();
      await served;
      await completed;
      assert(source.statistics.requestedPages > 0);
      const info = await qemu.qmp.execute("query-migrate") as Blocktime;
      assert.equal(info.status, "completed");
      assert(Number(info["postcopy-blocktime"]) >= 0);
      assert.equal(info["postcopy-vcpu-blocktime"]?.length, 1);
      if (Number.parseInt(qemu.qmp.version) >= 11) {
        assert(Number(info["postcopy-latency"]) > 0);
        assert(info["postcopy-latency-dist"]?.some((count) => count > 0));
        assert.equal(info["postcopy-vcpu-latency"]?.length, 1);
        assert.equal(typeof info["postcopy-non-vcpu-latency"], "number");
      }
      await checkCounts(qemu, savedCounter(scratch), scratch);
    },
  );
}

for (const dirtyBitmaps of [true, false]) {
  qemuTest(
    `block dirty bitmaps are ${dirtyBitmaps ? "sent along" : "left out"}`,
    "x86_64",
    async (scratch) => {
      const disk = ["-blockdev", "null-co,node-name=n0,size=1073741824"];
      const machine = ["-M", "pc,acpi=off", "-m", "4M", ...disk];
      writeFileSync(
        scratch.file("guest.bin"),
        new Uint8Array(65536).fill(0xf4),
      );
      {
        await using qemu = await startQemu(
          [...countingGuest(machine), "-S"],
          { directory: scratch.path, incoming: false },
        );
        await qemu.qmp.execute("block-dirty-bitmap-add", {
          node: "n0",
          name: "b0",
          granularity: 0x10000,
        });
        await qemu.qmp.execute("migrate-set-capabilities", {
          capabilities: [{ capability: "dirty-bitmaps", state: true }],
        });
        await save(qemu, "saved");
      }
      using file = openFileSource(scratch.file("saved"));
      await using qemu = await resumingQemu([...machine, "-S"], scratch);
      const { served, completed } = await resumeByPostcopy(
        qemu,
        openSnapshotSync(file),
        { dirtyBitmaps },
      );
      await served;
      await completed;
      const nodes = JSON.stringify(
        await qemu.qmp.execute("query-named-block-nodes"),
      );
      assert.equal(nodes.includes('"name":"b0"'), dirtyBitmaps);
    },
  );
}
