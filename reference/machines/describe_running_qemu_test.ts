import assert from "node:assert/strict";
import { test } from "node:test";
import { type FakeCommand, FakeQemu } from "../qemu/testing/fake_qemu.ts";
import { describeRunningQemu } from "./describe_running_qemu.ts";

const RAM_BLOCKS = [
  "              Block Name    PSize              Offset               Used" +
  "              Total                HVA  RO",
  "                  pc.ram    4 KiB  0x0000000000000000 0x0000000004000000" +
  " 0x0000000004000000 0x00007fe40fe00000  rw",
  "    /rom@etc/acpi/tables    2 MiB  0x0000000004080000 0x0000000000020000" +
  " 0x0000000000200000 0x00007fe460600000  ro",
  "              with space    1 GiB  0x0000000004080000 0x0000000000001000" +
  " 0x0000000000200000 0x00007fe460600000  ro",
  "",
].join("\r\n");

const ANSWERS: Readonly<Record<string, unknown>> = {
  "query-status": { status: "inmigrate", running: false },
  "query-machines": [{ name: "pc" }, { name: "none" }, 5],
  "query-uuid": { UUID: "00000000-0000-0000-0000-000000000000" },
  "query-cpus-fast": [{ "qom-path": "/cpu" }, {}],
  "query-migrate-capabilities": [{ capability: "mapped-ram", state: false }],
  "human-monitor-command": RAM_BLOCKS,
  "query-pci": [
    { bus: 0, devices: [{ slot: 31, function: 2 }, { slot: 3, function: 0 }] },
    { bus: 1, devices: [{ slot: 1, function: 0 }] },
  ],
};

function answer({ id, execute, arguments: args }: FakeCommand): unknown[] {
  if (execute === "qom-get") {
    const value = { type: "pc-q35-10.0-machine", pku: true, mpx: "?" }[
      String(args.property)
    ];
    return value === undefined
      ? [{ error: { class: "GenericError", desc: "no such property" }, id }]
      : [{ return: value, id }];
  }
  return [{ return: ANSWERS[execute], id }];
}

test("describeRunningQemu() describes a machine by QEMU's answers", async () => {
  const { qemu, qmp } = await FakeQemu.open(answer);
  using _ = qemu;
  const { unknown, ...described } = await describeRunningQemu(qmp);
  assert.deepEqual(described, {
    name: "QEMU 10.0.2",
    version: "10.0.2",
    runState: "inmigrate",
    machine: "pc-q35-10.0",
    pageSize: undefined,
    uuid: undefined,
    capabilities: ["mapped-ram"],
    blocks: [
      { idstr: "pc.ram", usedLength: 0x4000000 },
      { idstr: "/rom@etc/acpi/tables", usedLength: 0x20000 },
      { idstr: "with space", usedLength: 0x1000 },
    ],
    sections: undefined,
    cpuCount: 2,
    cpuFeatures: { pku: true },
    pciDevices: ["0000:00:1f.2", "0000:00:03.0"],
    machines: ["pc", "none"],
  });
  assert.equal(unknown.length, 1);
  const changing = qemu.commands.filter(({ execute }) =>
    !/^(query|qom-get|human|qmp_cap)/.test(execute)
  );
  assert.deepEqual(changing, []);
});

test("describeRunningQemu() omits what an old QEMU does not report", async () => {
  const { qemu, qmp } = await FakeQemu.open((command) =>
    /pci|uuid|cpus|machines/.test(command.execute)
      ? [{ error: { class: "CommandNotFound", desc: "?" }, id: command.id }]
      : answer(command)
  );
  using _ = qemu;
  const described = await describeRunningQemu(qmp);
  assert.equal(described.machine, "pc-q35-10.0");
  assert.equal(described.pciDevices, undefined);
  assert.equal(described.machines, undefined);
  assert.equal(described.cpuCount, undefined);
});

test("describeRunningQemu() rejects when QEMU disconnects", async () => {
  const { qemu, qmp } = await FakeQemu.open((command) => {
    if (command.execute !== "query-uuid") return answer(command);
    qemu.pair.other.destroy();
    return [];
  });
  using _ = qemu;
  await assert.rejects(describeRunningQemu(qmp), { name: "SourceError" });
});
