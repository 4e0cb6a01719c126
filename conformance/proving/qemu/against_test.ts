import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { execPath } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  connectSocket,
  QmpClient,
  type QmpObject,
} from "../../../reference/doors/qemu.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const MAIN = fileURLToPath(
  new URL("../../../reference/cli/main.ts", import.meta.url),
);
const target = "x86_64";

/** What every QEMU of the suite gets, given once more to the command line. */
const PLAIN = "-accel tcg -nodefaults -cpu qemu64";
const MACHINE = "-machine pc-i440fx-10.0 -m 64M -smp 2";
const DEVICES = "-device virtio-net-pci,addr=0x3 -device e1000,addr=0x4";
/** A page in the upper half of the memory is other than zero. */
const PAGE = "-device loader,addr=0x3000000,data=7,data-len=4";

interface Report {
  readonly verdict: "loads" | "other-machine" | "refused";
  readonly loads: boolean;
  readonly differences: readonly Readonly<Record<string, string>>[];
  readonly commands: {
    readonly qemu: readonly string[];
    readonly qmp: readonly { execute: string; arguments?: QmpObject }[];
  };
}

/** Runs `info vm.mr --against … --json`. */
async function against(
  scratch: ScratchDirectory,
  ...args: readonly string[]
): Promise<Report> {
  const deno = "Deno" in globalThis ? ["run", "-A"] : [];
  const line = [...deno, MAIN, "info", "vm.mr", "--json", "--against", ...args];
  const { code, stdout, stderr } = await new Promise<{
    readonly code: unknown;
    readonly stdout: string;
    readonly stderr: string;
  }>((resolve) => {
    execFile(execPath, line, { cwd: scratch.path }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
  assert.equal(stderr, "");
  const report = JSON.parse(stdout) as Report;
  assert.equal(code, report.verdict === "loads" ? 0 : 1);
  return report;
}

/** What differs, a line each. */
function lines({ differences }: Report): string[] {
  return differences.map(({ kind, subject, text, remedy }) =>
    `${kind} ${subject}: ${text}: ${remedy}`
  );
}

async function save(scratch: ScratchDirectory, args: string): Promise<void> {
  await using qemu = await QemuProcess.start({
    target,
    args: `-cpu qemu64 ${args}`.split(" "),
    directory: scratch.path,
  });
  await qemu.save("vm.mr");
}

/** Lets a QEMU of these arguments load the snapshot; rejects if it refuses. */
async function load(scratch: ScratchDirectory, args: string): Promise<void> {
  await using qemu = await QemuProcess.start({
    target,
    args: `-cpu qemu64 ${args} -incoming defer`.split(" "),
    directory: scratch.path,
  });
  await qemu.incoming("vm.mr");
}

/** Gives a QEMU these commands, and waits until it has loaded a snapshot. */
async function tell(
  address: string,
  commands: Report["commands"]["qmp"],
): Promise<void> {
  using client = await QmpClient.open(await connectSocket(address));
  for (const it of commands) await client.execute(it.execute, it.arguments);
  const status = async () =>
    (await client.execute("query-migrate") as QmpObject).status;
  while (await status() !== "completed") {
    assert.notEqual(await status(), "failed");
    await sleep(10);
  }
}

interface Case {
  readonly name: string;
  readonly args: string;
  /** One for each line that is told. */
  readonly told: readonly RegExp[];
  /** Whether QEMU loads it, told or not. */
  readonly loads: boolean;
}

const CASES: readonly Case[] = [
  {
    name: "the same machine",
    args: `${MACHINE} ${DEVICES}`,
    told: [],
    loads: true,
  },
  {
    name: "another version of the machine",
    args: `${MACHINE.replace("10.0", "9.0")} ${DEVICES}`,
    told: [/^refused machine: .*: start it with -machine pc-i440fx-10\.0$/],
    loads: false,
  },
  {
    name: "another machine",
    args: `${MACHINE.replace("pc-i440fx", "pc-q35")} ${DEVICES}`,
    told: [/^refused machine: pc-i440fx-10\.0 in .*, pc-q35-10\.0 in QEMU/],
    loads: false,
  },
  {
    name: "less RAM",
    args: `${MACHINE.replace("64M", "32M")} ${DEVICES}`,
    told: [
      /^refused RAMBlock pc\.ram: 64M in .*, 32M in .*: start it with -m 64M/,
    ],
    loads: false,
  },
  {
    name: "more RAM, which QEMU does not mind",
    args: `${MACHINE.replace("64M", "96M")} ${DEVICES}`,
    told: [
      /^wrong RAMBlock pc\.ram: 64M in .*, 96M in .*: start it with -m 64M/,
    ],
    loads: true,
  },
  {
    name: "RAM of another name",
    args: `${MACHINE.replace("10.0", "10.0,memory-backend=mem")} ${DEVICES} ` +
      "-object memory-backend-ram,id=mem,size=64M",
    told: [
      /^refused RAMBlock pc\.ram: 64M, named mem in .*memory-backend=pc\./,
    ],
    loads: false,
  },
  {
    name: "another machine, less RAM, fewer CPUs and no virtio-net at once",
    args: "-machine pc-q35-10.0,vmport=on -m 32M,slots=2,maxmem=1G -smp 1 " +
      "-device e1000,addr=0x4",
    told: [
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
    told: [/^refused CPUs: 2 in .*, 1 in .*: start it with -smp 2$/],
    loads: false,
  },
  {
    name: "as many CPUs, in other places",
    args: `${MACHINE.replace("-smp 2", "-smp 2,sockets=1,dies=2,maxcpus=2")} ` +
      DEVICES,
    told: [],
    loads: true,
  },
  {
    name: "no virtio-net",
    args: `${MACHINE} ${DEVICES.replace(/-device \S+ /, "")}`,
    told: [
      /^refused device 00:03\.0 virtio-net: .* -device virtio-net-pci,addr=0/,
    ],
    loads: false,
  },
  {
    name: "the cards the other way round",
    args: `${MACHINE} ${
      DEVICES.replace("0x3", "0x5").replace("0x4", "0x3").replace("0x5", "0x4")
    }`,
    told: [
      /^refused device 00:03\.0 virtio-net: e1000 in .*: replace it with -device v/,
      /^refused device 00:04\.0 e1000: virtio-net in .*: replace it with -device e1/,
    ],
    loads: false,
  },
  {
    name: "no hpet",
    args: `${MACHINE.replace("10.0", "10.0,hpet=off")} ${DEVICES}`,
    told: [/^refused device hpet: .*: start it with -machine hpet=on$/],
    loads: false,
  },
  {
    name: "one device more",
    args: `${MACHINE} ${DEVICES} -device virtio-rng-pci`,
    told: [
      /^note device 00:02\.0 virtio-rng: not in the snapshot; .*: leave it/,
    ],
    loads: true,
  },
];

qemuTest(
  "info --against says what QEMU does then, and why",
  target,
  async (scratch) => {
    await save(scratch, `${MACHINE} ${DEVICES} ${PAGE}`);
    for (const { name, args, told, loads } of CASES) {
      const report = await against(scratch, `${PLAIN} ${args}`);
      const found = lines(report);
      assert.equal(found.length, told.length, `${name}: ${found}`);
      told.forEach((it, index) => assert.match(found[index], it, name));
      const isGood = told.every((it) => it.source.startsWith("^note"));
      assert.equal(report.verdict === "loads", isGood, name);
      assert.equal(report.loads, loads, name);
      if (loads) await load(scratch, args);
      else await assert.rejects(load(scratch, args), name);
    }
  },
);

qemuTest(
  "info --against corrects the arguments that options can correct",
  target,
  async (scratch) => {
    await save(scratch, `${MACHINE} ${DEVICES} ${PAGE}`);
    const line = `qemu-system-${target} ${PLAIN}`;
    const wrong = "-machine pc-q35-10.0,hpet=on -m 32M -smp 1 " + DEVICES;
    const { commands, verdict } = await against(scratch, `${line} ${wrong}`);
    assert.equal(verdict, "refused");
    const right = commands.qemu.slice(1, -4).join(" ");
    assert.equal(
      right,
      `${PLAIN} -machine pc-i440fx-10.0,hpet=on -m 64M -smp 2 ${DEVICES}`,
    );
    const corrected = await against(scratch, `${line.split(" ")[0]} ${right}`);
    assert.equal(corrected.verdict, "loads");
    await load(scratch, right);
  },
);

qemuTest(
  "info --against --try finds what only a load can find",
  target,
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

qemuTest(
  "info --against tells commands that load the snapshot as they are",
  target,
  async (scratch) => {
    await save(scratch, MACHINE);
    const line = `qemu-system-${target} -S -display none ${PLAIN} ${MACHINE}`;
    const { qemu, qmp } = (await against(scratch, line)).commands;
    const [program, ...args] = qemu;
    const child = spawn(program, args, { cwd: scratch.path, stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("close", resolve));
    try {
      const socket = scratch.file("qmp.sock");
      while (!existsSync(socket)) {
        assert.equal(child.exitCode, null, "QEMU runs");
        await sleep(10);
      }
      // A QEMU that waits: asked over its monitor, as a QEMU to be compared.
      const asked = await against(scratch, `unix:${socket}`);
      assert.deepEqual(lines(asked), []);
      assert.deepEqual(asked.commands.qmp, qmp);

      assert.equal(qmp[0].execute, "qmp_capabilities");
      await tell(`unix:${socket}`, qmp.slice(1));

      // The guest is in, and QEMU waits for no other.
      const after = await against(scratch, `unix:${socket}`);
      assert.match(lines(after).join(), /is not waiting.*-incoming defer$/);
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
  },
);
