import assert from "node:assert/strict";
import { closeSync, fstatSync, openSync, writeFileSync } from "node:fs";
import { FileVersionReader } from "./file_version.ts";
import { uffdTest } from "./testing/uffd_test_case.ts";

uffdTest("FileVersionReader agrees with the runtime's fstat", (folder) => {
  const path = folder.file("a");
  writeFileSync(path, new Uint8Array(5000));
  const fd = openSync(path, "r");
  using reader = new FileVersionReader(fd, path);
  const { size, mtimeMs } = reader.read();
  const stat = fstatSync(fd);
  assert.equal(size, stat.size);
  // Some runtimes round the time.
  assert(Math.abs(mtimeMs - stat.mtimeMs) < 1, `${mtimeMs} ${stat.mtimeMs}`);
  closeSync(fd);
  using unopened = new FileVersionReader(-1, "a.mr");
  assert.throws(
    () => unopened.read(),
    /^SourceError: Cannot check whether "a.mr" has changed: EBADF$/,
  );
});
