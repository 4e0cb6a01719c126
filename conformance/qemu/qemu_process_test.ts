import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";

const NONE = { target: "x86_64", args: ["-M", "none", "-m", "1M"] } as const;

qemuTest(
  "QemuProcess.start() rejects with what QEMU says",
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
  "QemuProcess.incoming() rejects with what QEMU says",
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
  "QemuProcess.save() rejects with what QEMU says",
  "x86_64",
  async ({ path: directory }) => {
    await using qemu = await QemuProcess.start({ ...NONE, directory });
    await assert.rejects(
      qemu.save("no-such-directory/snapshot"),
      /no-such-directory/,
    );
    await assert.rejects(
      qemu.save("snapshot", { capabilities: ["xbzrle"] }),
      /incompatible with xbzrle/,
    );
  },
);

qemuTest(
  "QemuProcess fails what waits when QEMU dies",
  "x86_64",
  async ({ path: directory }) => {
    const qemu = await QemuProcess.start({ ...NONE, directory });
    await qemu[Symbol.asyncDispose]();
    await assert.rejects(qemu.qmp.execute("query-status"), /QEMU is gone/);
    await assert.rejects(qemu.qtest.read(0, 1), /QEMU is gone/);
  },
);
