import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { measureVerity } from "./mod.ts";

const LINUX = process.platform === "linux" ? {} : { skip: "only on Linux" };

test(
  "measureVerity() finds no digest of a file without fs-verity",
  LINUX,
  () => {
    using folder = new ScratchFolder();
    const path = folder.file("a");
    writeFileSync(path, "a");
    for (const file of [path, "/proc/self/status", "/dev/null"]) {
      const fd = openSync(file, "r");
      assert.equal(measureVerity(fd), undefined, file);
      closeSync(fd);
    }
  },
);

test("measureVerity() rejects a descriptor of no file", LINUX, () => {
  assert.throws(
    () => measureVerity(-1),
    /^SourceError: Cannot read the fs-verity digest: EBADF$/,
  );
});

const CLAIMING = fileURLToPath(
  new URL("testing/claiming_files.py", import.meta.url),
);
const CAN_MOUNT = process.getuid?.() === 0 && existsSync("/dev/fuse");

test(
  "measureVerity() does not believe a file system in user space",
  { skip: CAN_MOUNT ? false : "not root, or no /dev/fuse" },
  async () => {
    using folder = new ScratchFolder();
    const path = folder.file("a");
    writeFileSync(path, "a");
    const server = spawn("python3", [CLAIMING, path], { stdio: "pipe" });
    const exited = once(server, "exit");
    await Promise.race([once(server.stdout, "data"), exited]);
    try {
      const fd = openSync(path, "r");
      const digest = measureVerity(fd);
      closeSync(fd);
      assert.equal(digest, undefined);
    } finally {
      execFileSync("umount", [path]);
    }
    assert.deepEqual(await exited, [0, null]);
  },
);
