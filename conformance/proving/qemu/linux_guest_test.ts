import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { linuxArguments, LinuxGuest } from "./linux_guest.ts";
import { LINES, RANDOM_FILE } from "./linux_init.ts";
import { linuxTest } from "./linux_test_case.ts";
import { qemuTest } from "./qemu_test_case.ts";

linuxTest(
  "LinuxGuest returns what its shell prints, and continues ticking",
  async (linux, { path: directory }) => {
    const args = linuxArguments(linux, {
      machine: "pc",
      memory: "256M",
      usedMiB: 40,
    });
    await using guest = await LinuxGuest.start({ args, directory });
    const md5 = guest.console.waitForLine("");
    await guest.waitReady();
    assert.equal((await md5).split(" ")[0], await guest.md5());
    assert.equal(await guest.run(`du -m ${RANDOM_FILE} | cut -f1`), "32");
    assert.equal(await guest.run("du -m /mnt | cut -f1"), "40");

    // An answer is complete and exact, whatever it contains.
    assert.equal(await guest.run(":"), "");
    assert.equal(await guest.run("printf '\\na\\n\\n'"), "\na");
    assert.equal(
      await guest.run("echo begin x; echo end x 0"),
      "begin x\nend x 0",
    );
    assert.equal(
      await guest.run("seq 2000 | md5sum; seq 2000"),
      `ea4d0a24dabcaa11f9aa979b872d162b  -\n` +
        Array.from({ length: 2000 }, (_, index) => index + 1).join("\n"),
    );
    // A line that is sent again runs once.
    const line = "id echo a >>/lines";
    do {
      for (let time = 0; time < 2; time++) guest.console.send(line);
    } while (await guest.run("echo /lines*") !== "/lines");
    assert.equal(await guest.run("cat /lines"), "a");
    const answers = ["1", "2", "3"].map((each) => guest.run(`echo ${each}`));
    assert.deepEqual(await Promise.all(answers), ["1", "2", "3"]);

    const { ticks } = guest.console;
    const uptime = await guest.uptime();
    await guest.console.waitForLine(LINES.tick);
    assert.ok(guest.console.ticks > ticks);
    assert.ok(await guest.uptime() > uptime);

    await assert.rejects(guest.run("echo x >&2; exit 3"), /status 3 .*"x"/);
    await assert.rejects(guest.run("if then"), /syntax error/);
    await assert.rejects(guest.run("echo 1\necho 2"), RangeError);
    await assert.rejects(guest.run(`: ${"x".repeat(4000)}`), RangeError);
    const longest = "x".repeat(3990);
    assert.equal(await guest.run(`echo ${longest}`), longest);
    const late = "read -r go </dev/ttyS0; echo late";
    const delayed = guest.run(late, { timeoutMs: 10 });
    await assert.rejects(delayed, /after 10 ms/);
    guest.console.send("go");
    assert.equal(await guest.run("echo next"), "next");
    await assert.rejects(guest.run("poweroff -f"), /QEMU is gone/);
    await assert.rejects(guest.run(":"), /QEMU is gone/);
  },
);

qemuTest(
  "LinuxGuest.start() rejects with QEMU's error",
  "x86_64",
  async ({ path: directory }) => {
    const linux = { vmlinuz: "no-kernel", initrd: "no-initrd" };
    const args = linuxArguments(linux, { machine: "q35", memory: "64M" });
    await assert.rejects(LinuxGuest.start({ args, directory }), /no-kernel/);
    assert.deepEqual(readdirSync(directory), []);
  },
);
