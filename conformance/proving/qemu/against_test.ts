import assert from "node:assert/strict";
import { qemuTest } from "./qemu_test_case.ts";
import {
  against,
  DEVICES,
  lines,
  load,
  MACHINE,
  PAGE,
  PLAIN,
  save,
  TARGET,
} from "./run_against.ts";

interface Case {
  readonly name: string;
  readonly args: string;
  /** One for each reported line. */
  readonly reported: readonly RegExp[];
  /** Whether QEMU loads it, whatever is reported. */
  readonly loads: boolean;
}

const CASES: readonly Case[] = [
  {
    name: "the same machine",
    args: `${MACHINE} ${DEVICES}`,
    reported: [],
    loads: true,
  },
  {
    name: "another version of the machine",
    args: `${MACHINE.replace("10.0", "9.0")} ${DEVICES}`,
    reported: [/^refused machine: .*: start it with -machine pc-i440fx-10\.0$/],
    loads: false,
  },
  {
    name: "another machine",
    args: `${MACHINE.replace("pc-i440fx", "pc-q35")} ${DEVICES}`,
    reported: [/^refused machine: pc-i440fx-10\.0 in .*, pc-q35-10\.0 in QEMU/],
    loads: false,
  },
  {
    name: "less RAM",
    args: `${MACHINE.replace("64M", "32M")} ${DEVICES}`,
    reported: [
      /^refused RAMBlock pc\.ram: 64M in .*, 32M in .*: start it with -m 64M/,
    ],
    loads: false,
  },
  {
    name: "more RAM, which QEMU accepts",
    args: `${MACHINE.replace("64M", "96M")} ${DEVICES}`,
    reported: [
      /^wrong RAMBlock pc\.ram: 64M in .*, 96M in .*: start it with -m 64M/,
    ],
    loads: true,
  },
  {
    name: "RAM with another name",
    args: `${MACHINE.replace("10.0", "10.0,memory-backend=mem")} ${DEVICES} ` +
      "-object memory-backend-ram,id=mem,size=64M",
    reported: [
      /^refused RAMBlock pc\.ram: 64M, named mem in .*memory-backend=pc\./,
    ],
    loads: false,
  },
  {
    name: "another machine, less RAM, fewer CPUs and no virtio-net at once",
    args: "-machine pc-q35-10.0,vmport=on -m 32M,slots=2,maxmem=1G -smp 1 " +
      "-device e1000,addr=0x4",
    reported: [
      /^refused machine: .*: start it with -machine pc-i440fx-10\.0$/,
      /^refused RAMBlock pc\.ram: 64M in .*: start it with -m 64M$/,
      /^refused CPUs: 2 in .*: start it with -smp 2$/,
      /^refused device 00:03\.0 virtio-net: .* -device virtio-net-pci,addr=0/,
    ],
    loads: false,
  },
  {
    name: "fewer CPUs",
    args: `${MACHINE.replace("-smp 2", "-smp 1")} ${DEVICES}`,
    reported: [/^refused CPUs: 2 in .*, 1 in .*: start it with -smp 2$/],
    loads: false,
  },
  {
    name: "the same number of CPUs in another topology",
    args: `${MACHINE.replace("-smp 2", "-smp 2,sockets=1,dies=2,maxcpus=2")} ` +
      DEVICES,
    reported: [],
    loads: true,
  },
  {
    name: "no virtio-net",
    args: `${MACHINE} ${DEVICES.replace(/-device \S+ /, "")}`,
    reported: [
      /^refused device 00:03\.0 virtio-net: .* -device virtio-net-pci,addr=0/,
    ],
    loads: false,
  },
  {
    name: "the network cards in reverse order",
    args: `${MACHINE} ${
      DEVICES.replace("0x3", "0x5").replace("0x4", "0x3").replace("0x5", "0x4")
    }`,
    reported: [
      /^refused device 00:03\.0 virtio-net: e1000 in .*: replace it with -device v/,
      /^refused device 00:04\.0 e1000: virtio-net in .*: replace it with -device e1/,
    ],
    loads: false,
  },
  {
    name: "no hpet",
    args: `${MACHINE.replace("10.0", "10.0,hpet=off")} ${DEVICES}`,
    reported: [/^refused device hpet: .*: start it with -machine hpet=on$/],
    loads: false,
  },
  {
    name: "one additional device",
    args: `${MACHINE} ${DEVICES} -device virtio-rng-pci`,
    reported: [
      /^note device 00:02\.0 virtio-rng: not in the snapshot; .*: leave it/,
    ],
    loads: true,
  },
];

qemuTest(
  "info --against predicts what QEMU does, and gives the reason",
  TARGET,
  async (scratch) => {
    await save(scratch, `${MACHINE} ${DEVICES} ${PAGE}`);
    for (const { name, args, reported, loads } of CASES) {
      const report = await against(scratch, `${PLAIN} ${args}`);
      const found = lines(report);
      assert.equal(found.length, reported.length, `${name}: ${found}`);
      reported.forEach((it, index) => assert.match(found[index], it, name));
      const isGood = reported.every((it) => it.source.startsWith("^note"));
      assert.equal(report.verdict === "loads", isGood, name);
      assert.equal(report.loads, loads, name);
      if (loads) await load(scratch, args);
      else await assert.rejects(load(scratch, args), name);
    }
  },
);

qemuTest(
  "info --against --try finds what only loading reveals",
  TARGET,
  async (scratch) => {
    const disk = "-drive if=none,id=d,file=null-co://,format=raw " +
      "-device virtio-blk-pci,drive=d,num-queues=";
    await save(scratch, `${MACHINE} ${disk}1`);
    const other = `${PLAIN} ${MACHINE} ${disk}4`;
    const [same, unseen, seen] = [
      await against(scratch, `${PLAIN} ${MACHINE} ${disk}1`, "--try"),
      await against(scratch, other),
      await against(scratch, other, "--try"),
    ];
    assert.deepEqual(lines(same), []);
    assert.deepEqual(lines(unseen), []);
    assert.equal(seen.loads, false);
    assert.match(lines(seen).join(), /^refused load: .*config data/);
    await assert.rejects(load(scratch, `${MACHINE} ${disk}4`));
  },
);
