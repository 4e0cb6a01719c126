import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { createFileSink, memorySource, saveSnapshot } from "../../../mod.ts";
import {
  connectSocket,
  QmpClient,
  type QmpObject,
} from "../../../reference/doors/qemu.ts";
import { isListening } from "../../../reference/doors/linux.ts";
import { qemuTest } from "./qemu_test_case.ts";
import {
  against,
  DEVICES,
  lines,
  load,
  MACHINE,
  PAGE,
  PLAIN,
  type Report,
  save,
  TARGET,
} from "./run_against.ts";

/** Passes these commands to QEMU, and waits until it has loaded a snapshot. */
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

qemuTest(
  "info --against suggests options that correct the arguments",
  TARGET,
  async (scratch) => {
    await save(scratch, `${MACHINE} ${DEVICES} ${PAGE}`);
    const line = `qemu-system-${TARGET} ${PLAIN}`;
    const wrong = "-machine pc-q35-10.0,hpet=on -m 32M -smp 1 " + DEVICES;
    const { commands, verdict } = await against(scratch, `${line} ${wrong}`);
    assert.equal(verdict, "refused");
    const right = commands.qemu.slice(1, -4).join(" ");
    assert.equal(
      right,
      `${PLAIN} -machine pc-i440fx-10.0,hpet=on -m 64M -smp 2 ${DEVICES}`,
    );
    // The same arguments resume it.
    const qemu = line.split(" ")[0];
    const resume = `resume vm.mr -- ${qemu} ${right}`;
    assert.equal(
      commands.shell?.slice(-resume.split(" ").length).join(" "),
      resume,
    );
    const corrected = await against(scratch, `${qemu} ${right}`);
    assert.equal(corrected.verdict, "loads");
    await load(scratch, right);
  },
);

qemuTest(
  "info --against prints commands that load the snapshot unchanged",
  TARGET,
  async (scratch) => {
    await save(scratch, MACHINE);
    const line = `qemu-system-${TARGET} -S -display none ${PLAIN} ${MACHINE}`;
    const { qemu, qmp } = (await against(scratch, line)).commands;
    const [program, ...args] = qemu;
    const child = spawn(program, args, { cwd: scratch.path, stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("close", resolve));
    try {
      const socket = scratch.file("qmp.sock");
      while (isListening(socket) !== true) {
        assert.equal(child.exitCode, null, "QEMU runs");
        await sleep(10);
      }
      // A QEMU that waits for a migration: its monitor is queried for the
      // comparison.
      const asked = await against(scratch, `unix:${socket}`);
      assert.deepEqual(lines(asked), []);
      assert.deepEqual(asked.commands.qmp, qmp);
      assert.deepEqual(
        asked.commands.shell?.slice(-4),
        ["resume", "vm.mr", "--qmp", `unix:${socket}`],
      );

      assert.equal(qmp[0].execute, "qmp_capabilities");
      await tell(`unix:${socket}`, qmp.slice(1));

      // The guest is loaded, and QEMU no longer waits for a migration.
      const after = await against(scratch, `unix:${socket}`);
      assert.match(lines(after).join(), /is not waiting.*-incoming defer$/);
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
  },
);

qemuTest(
  "info --against does not suggest to resume RAM without devices",
  TARGET,
  async (scratch) => {
    const source = memorySource(new Uint8Array(1 << 20));
    await saveSnapshot(
      createFileSink(scratch.file("vm.mr")),
      [{ idstr: "ram", source }],
      { machine: "none" },
    );
    const args = "-accel tcg -M none -m 1M";
    const { commands } = await against(scratch, args);
    assert.equal(commands.shell, undefined);
    assert.ok(commands.qmp.length > 0);
  },
);
