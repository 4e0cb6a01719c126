import assert from "node:assert/strict";
import { closeSync, fstatSync, openSync, writeFileSync } from "node:fs";
import { fileVersion } from "./file_version.ts";
import { uffdTest } from "./testing/uffd_test_case.ts";

uffdTest("fileVersion() agrees with the runtime's fstat", (folder) => {
  const path = folder.file("a");
  writeFileSync(path, new Uint8Array(5000));
  const fd = openSync(path, "r");
  const { size, mtimeMs } = fileVersion(fd);
  const stat = fstatSync(fd);
  closeSync(fd);
  assert.equal(size, stat.size);
  // Some runtimes round the time.
  assert(Math.abs(mtimeMs - stat.mtimeMs) < 1, `${mtimeMs} ${stat.mtimeMs}`);
  assert.throws(() => fileVersion(-1), /EBADF/);
});
