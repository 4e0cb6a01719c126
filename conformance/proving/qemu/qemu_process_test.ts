import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";

const NONE = { target: "x86_64", args: ["-M", "none", "-m", "1M"] } as const;

qemuTest(
  "QemuProcess.start() rejects with QEMU's error",
  "x86_64",
  async ({ path: directory }) => {
    const args = ["-M", "no-such-machine"];
    await assert.rejects(
      QemuProcess.start({ target: "x86_64", args, directory }),
      /no-such-machine/,
    );
    assert.deepEqual(readdirSync(directory), []);
  },
);

qemuTest(
  "QemuProcess.incoming() rejects with QEMU's error",
  "x86_64",
  async (scratch) => {
    writeFileSync(scratch.file("junk"), new Uint8Array(64));
    await using qemu = await QemuProcess.start({
      target: NONE.target,
      args: [...NONE.args, "-incoming", "defer"],
      directory: scratch.path,
    });
    await assert.rejects(qemu.incoming("junk"), /Not a migration stream/);
  },
);

qemuTest(
  "QemuProcess.save() rejects with QEMU's error",
  "x86_64",
  async ({ path: directory }) => {
    await using qemu = await QemuProcess.start({ ...NONE, directory });
    await assert.rejects(
      qemu.save("snapshot", { capabilities: ["xbzrle"] }),
      /incompatible with xbzrle/,
    );
    await assert.rejects(
      qemu.save("no-such-directory/snapshot"),
      /no-such-directory/,
    );
  },
);

qemuTest(
  "QemuProcess rejects pending calls when QEMU dies",
  "x86_64",
  async ({ path: directory }) => {
    const qemu = await QemuProcess.start({ ...NONE, directory });
    await qemu[Symbol.asyncDispose]();
    await assert.rejects(qemu.qmp.execute("query-status"), /was closed/);
    await assert.rejects(qemu.qtest.read(0, 1), /QEMU is gone/);
  },
);

qemuTest(
  "QemuProcess.start() starts a bare QEMU: it runs, and has no qtest",
  "x86_64",
  async (scratch) => {
    const args = ["-M", "none", "-accel", "tcg", "-display", "none"];
    await using qemu = await QemuProcess.start({
      target: "x86_64",
      args,
      directory: scratch.path,
      bare: true,
    });
    assert.deepEqual(qemu.transcript, [
      `$ qemu-system-x86_64 ${args.join(" ")}`,
      'qmp> {"execute":"qmp_capabilities"}',
    ]);
    await qemu.waitRunning();
    assert.throws(() => qemu.qtest, /Cannot use qtest/);
    await qemu.qmp.execute("stop");
    await assert.rejects(
      qemu.waitRunning({ timeoutMs: 10 }),
      /Cannot wait for the guest to run: paused after 10 ms/,
    );
  },
);

qemuTest(
  "QemuProcess.start() rejects with an error that QEMU prints after answering",
  "x86_64",
  async ({ path: directory }) => {
    const args = ["-M", "pc", "-kernel", "no-such-kernel"];
    await assert.rejects(
      QemuProcess.start({ target: "x86_64", args, directory }),
      /no-such-kernel/,
    );
  },
);
