import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { execPath } from "node:process";
import { bootMachine } from "./emulated_machine.ts";
import { machineTest } from "./machine_test_case.ts";
import { BLOCK, makeImage, offsetInImage } from "./make_image.ts";

machineTest(
  "an emulated machine runs programs of this one, on its own kernel and disks",
  [],
  async (parts, scratch) => {
    const file = scratch.file("file");
    const disk = scratch.file("disk");
    writeFileSync(file, "a".repeat(BLOCK) + "b".repeat(BLOCK));
    makeImage(disk, { files: { "folder/file": file } });
    const offset = offsetInImage(disk, { path: "folder/file", index: 1 });
    assert.equal(
      readFileSync(disk).toString("latin1", offset, offset + 1),
      "b",
    );

    const { path: directory } = scratch;
    await using machine = await bootMachine({
      ...{ parts, directory, disks: [disk], modules: ["overlay"] },
      ...{ programs: [execPath], files: { "given/file": file } },
    });
    const version = parts.kernel.modules.split("/").at(-1);
    assert.equal(await machine.run("uname -r"), version);
    assert.match(await machine.run("cat /proc/filesystems"), /overlay/);
    const runtime = basename(execPath);
    assert.match(await machine.run(`${runtime} --version`), /\d+\.\d+/);
    await machine.run(
      "mount /dev/vdb /mnt && cmp /mnt/folder/file /given/file",
    );
    await machine.run("echo new >/mnt/new; umount /mnt");
    await assert.rejects(machine.run("cat /mnt/new"), /No such file/);
    const written = offsetInImage(disk, { path: "new", index: 0 });
    assert.equal(
      readFileSync(disk).toString("latin1", written, written + 4),
      "new\n",
    );
  },
);
