import assert from "node:assert/strict";
import { test } from "node:test";
import { processorTime } from "../testing/processor_time.ts";
import { compareMachines } from "./compare_machines.ts";
import type {
  MachineDescription,
  MachineSection,
} from "./machine_description.ts";
import { isSameFamily } from "./machine_difference.ts";

function section(
  idstr: string,
  instanceId = 0,
  more: Partial<MachineSection> = {},
): MachineSection {
  const fields = [{ name: "data", length: 4 }];
  return { idstr, instanceId, versionId: 2, fields, subsections: [], ...more };
}

const CPUS = [0, 1].flatMap((id) =>
  ["cpu_common", "cpu", "apic"].map((idstr) => section(idstr, id))
);
const NIC = section("0000:00:03.0/virtio-net");
const DISK = section("0000:00:04.0/virtio-blk");

const SNAPSHOT: MachineDescription = {
  name: "vm.mr",
  version: undefined,
  runState: undefined,
  machine: "pc-i440fx-10.0",
  pageSize: 4096,
  uuid: undefined,
  capabilities: ["mapped-ram"],
  blocks: [
    { idstr: "pc.ram", usedLength: 0x10000000 },
    { idstr: "/rom@etc/acpi/tables", usedLength: 0x20000 },
    { idstr: "0000:00:03.0/virtio-net-pci.rom", usedLength: 0x40000 },
  ],
  sections: [...CPUS, section("timer"), section("hpet"), NIC, DISK],
  cpuCount: 2,
  cpuFeatures: {},
  pciDevices: undefined,
  machines: undefined,
  unknown: [],
};
const QEMU: MachineDescription = {
  ...SNAPSHOT,
  name: "QEMU 10.0.2",
  version: "10.0.2",
  capabilities: ["events", "mapped-ram", "x-ignore-shared"],
  machines: ["none", "pc-i440fx-10.0", "pc-i440fx-9.0", "pc-q35-10.0"],
};

/** Differences as lines, of two machines that differ in these properties. */
function compare(
  qemu: Partial<MachineDescription>,
  snapshot: Partial<MachineDescription> = {},
): string[] {
  return compareMachines({ ...SNAPSHOT, ...snapshot }, { ...QEMU, ...qemu })
    .map(({ kind, subject, text, remedy }) =>
      `${kind} ${subject}: ${text}: ${remedy}`
    );
}

function without(...idstrs: readonly string[]): MachineSection[] {
  return (QEMU.sections ?? []).filter(({ idstr }) => !idstrs.includes(idstr));
}

test("compareMachines() finds no differences between equal machines", () => {
  assert.deepEqual(compare({}), []);
  assert.deepEqual(compare({ runState: "inmigrate" }), []);
});

test("compareMachines() compares only as much of the machine name as QEMU does", () => {
  assert.deepEqual(compare({}, { machine: "pc-i440fx-10" }), []);
  assert.deepEqual(compare({ machine: "pc-i440fx-9.0" }), [
    "refused machine: pc-i440fx-10.0 in the snapshot, pc-i440fx-9.0 in " +
    "QEMU 10.0.2: start it with -machine pc-i440fx-10.0",
  ]);
  assert.deepEqual(compare({}, { machine: "pc-i440fx-11.1" }), [
    "refused machine: pc-i440fx-11.1 in the snapshot, pc-i440fx-10.0 in " +
    "QEMU 10.0.2: QEMU 10.0.2 has no such machine: use a QEMU that has it, " +
    "11.1 or later",
  ]);
});

test("compareMachines() compares only memory if the kind of machine differs", () => {
  const blocks = [{ idstr: "pc.ram", usedLength: 0x8000000 }];
  const q35 = { machine: "pc-q35-10.0", sections: [], blocks, cpuCount: 1 };
  assert.deepEqual(compare(q35), [
    "refused machine: pc-i440fx-10.0 in the snapshot, pc-q35-10.0 in " +
    "QEMU 10.0.2: start it with -machine pc-i440fx-10.0",
    "refused RAMBlock pc.ram: 256M in the snapshot, 128M in QEMU 10.0.2: " +
    "start it with -m 256M",
  ]);
});

test("compareMachines() compares capabilities, page size, UUID and state", () => {
  assert.deepEqual(compare({ capabilities: ["events"] }), [
    "refused capability mapped-ram: QEMU 10.0.2 does not have it: " +
    "use QEMU 9.0 or later",
  ]);
  const shared = { capabilities: ["x-ignore-shared", "mapped-ram"] };
  assert.deepEqual(compare({}, shared), [
    "refused capability x-ignore-shared: QEMU 10.0.2 loads no file with it: " +
    "use QEMU 11.0 or later",
  ]);
  assert.deepEqual(compare({ version: "11.0.0" }, shared), []);
  assert.equal(
    compare({ pageSize: 8192 })[0],
    "refused page size: 4096 bytes in the snapshot, 8192 in QEMU 10.0.2: " +
      "use the QEMU program for the snapshot's architecture",
  );
  assert.match(compare({}, { uuid: "a" })[0], /^note UUID: .*-uuid a$/);
  assert.match(compare({ uuid: "b" }, { uuid: "a" })[0], /^refused UUID: a in/);
  assert.deepEqual(compare({ uuid: "b" }), []);
  assert.equal(
    compare({ runState: "prelaunch" })[0],
    "refused state: QEMU 10.0.2 is not waiting for a snapshot: its state is " +
      '"prelaunch": start it with -incoming defer',
  );
});

test("compareMachines() reports RAMBlocks of another size or name", () => {
  const blocks = QEMU.blocks.slice(1);
  assert.deepEqual(
    compare({
      blocks: [...blocks, { idstr: "mem0", usedLength: 0x10000000 }],
    }),
    [
      "refused RAMBlock pc.ram: 256M, named mem0 in QEMU 10.0.2: start it " +
      "with -object memory-backend-ram,id=pc.ram,size=256M " +
      "-machine memory-backend=pc.ram",
    ],
  );
  const [, tables] = QEMU.blocks;
  assert.match(
    compare({
      blocks: [
        ...QEMU.blocks.filter((it) => it !== tables),
        { ...tables, usedLength: 0x40000 },
      ],
    })[0],
    /^wrong RAMBlock \/rom@etc\/acpi\/tables: 128K in .*256K in .*same devices/,
  );
  assert.deepEqual(
    compare({}, {
      blocks: [...SNAPSHOT.blocks, { idstr: "nvdimm", usedLength: 4096 }],
    }),
    ["refused RAMBlock nvdimm: 4K, not in QEMU 10.0.2: add the device that it belongs to"],
  );
});

test("compareMachines() reports CPUs once, however many sections they have", () => {
  const one = (QEMU.sections ?? []).filter(({ instanceId }) => !instanceId);
  assert.deepEqual(compare({ cpuCount: 1, sections: one }), [
    "refused CPUs: 2 in the snapshot, 1 in QEMU 10.0.2: start it with -smp 2",
  ]);
  assert.deepEqual(compare({ cpuCount: 3 }), [
    "wrong CPUs: 2 in the snapshot, 3 in QEMU 10.0.2: start it with -smp 2",
  ]);
  const moved = (QEMU.sections ?? []).map((it) => ({
    ...it,
    instanceId: it.instanceId * 4,
  }));
  assert.match(
    compare({ sections: moved })[0],
    /^refused CPUs: the same number .*cores/,
  );
  assert.deepEqual(
    compare({ cpuFeatures: { pku: false, mpx: false } }, {
      cpuFeatures: { pku: true, avx512f: true },
    }),
    [
      "wrong CPU feature pku: used in the snapshot, off in QEMU 10.0.2: " +
      "start it with the -cpu that the snapshot was saved with",
    ],
  );
});

test("compareMachines() reports a missing device once, with the argument that adds it", () => {
  assert.deepEqual(
    compare({
      sections: without(NIC.idstr),
      blocks: QEMU.blocks.slice(0, 2),
    }),
    [
      "refused device 00:03.0 virtio-net: not in QEMU 10.0.2: " +
      "add -device virtio-net-pci,addr=0x3",
    ],
  );
  assert.deepEqual(compare({ sections: without("hpet") }), [
    "refused device hpet: not in QEMU 10.0.2, or fewer of them: " +
    "start it with -machine hpet=on",
  ]);
});

test("compareMachines() reports a device at another address, or another device there", () => {
  const moved = section("0000:00:07.0/virtio-blk");
  assert.deepEqual(compare({ sections: [...without(DISK.idstr), moved] }), [
    "refused device 00:04.0 virtio-blk: at 00:07.0 in QEMU 10.0.2: " +
    "place it with -device virtio-blk-pci,addr=0x4",
  ]);
  const other = section("0000:00:04.0/e1000");
  assert.deepEqual(compare({ sections: [...without(DISK.idstr), other] }), [
    "refused device 00:04.0 virtio-blk: e1000 in QEMU 10.0.2: " +
    "replace it with -device virtio-blk-pci,addr=0x4",
  ]);
});

test("compareMachines() notes an additional device of QEMU", () => {
  const extra = [section("0000:00:05.1/e1000"), section("vmmouse")];
  assert.deepEqual(
    compare({
      sections: [...without(), ...extra],
      blocks: [
        ...QEMU.blocks,
        { idstr: "0000:00:05.1/e1000.rom", usedLength: 4096 },
      ],
    }),
    ["00:05.1 e1000", "vmmouse"].map((name) =>
      `note device ${name}: not in the snapshot; QEMU loads it, but the guest ` +
      "does not know the device: leave it out"
    ),
  );
});

test("compareMachines() compares versions and fields of a device's state", () => {
  const change = (more: Partial<MachineSection>) =>
    compare({ sections: [...without("timer"), section("timer", 0, more)] });
  assert.deepEqual(change({ versionId: 1 }), [
    "refused device timer: version 2 in the snapshot, 1 in QEMU 10.0.2: " +
    "use a QEMU at least as new as the one that saved it",
  ]);
  assert.match(change({ versionId: 3 })[0], /^note device timer: version 2/);
  assert.deepEqual(change({ fields: [{ name: "data", length: 8 }] }), [
    "note device timer: its state has other fields: data only in the " +
    "snapshot, data only in QEMU 10.0.2; QEMU may refuse it: " +
    "give it the same properties",
  ]);
  const fields = ["data", "a", "b", "c", "d"]
    .map((name) => ({ name, length: name === "data" ? 4 : undefined }));
  assert.match(change({ fields })[0], / a, b, c and 1 more only in QEMU 10/);
  assert.deepEqual(change({ fields: undefined }), []);
  assert.deepEqual(change({ subsections: ["timer/more"] }), []);
});

test("compareMachines() ignores facts that QMP does not report", () => {
  const asked = { sections: undefined, cpuCount: 2, pageSize: undefined };
  const pciDevices = ["0000:00:03.0", "0000:00:04.0"];
  assert.deepEqual(compare({ ...asked, pciDevices }), []);
  assert.deepEqual(compare({ ...asked, pciDevices: ["0000:00:03.0"] }), [
    "refused device 00:04.0 virtio-blk: not in QEMU 10.0.2: " +
    "add -device virtio-blk-pci,addr=0x4",
  ]);
  // Another card with another ROM at the same address.
  const blocks = [
    ...QEMU.blocks.slice(0, 2),
    { idstr: "0000:00:03.0/e1000.rom", usedLength: 0x40000 },
  ];
  assert.deepEqual(compare({ ...asked, pciDevices, blocks }), [
    "refused device 00:03.0 virtio-net-pci.rom: e1000.rom in QEMU 10.0.2: " +
    "replace it with -device virtio-net-pci,addr=0x3",
  ]);
});

test("isSameFamily() is as fast for hostile names as for any other", () => {
  const begun = processorTime();
  assert.ok(!isSameFamily(`${"-1.1".repeat(2 ** 18)}\n`, "x"));
  assert.ok(
    isSameFamily(`pc-q35-9.2${"-1.1".repeat(2 ** 18)}\n`, "pc-q35-10.0"),
  );
  // With backtracking this takes minutes.
  assert.ok(processorTime() - begun < 5000);
});
