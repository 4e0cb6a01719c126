import assert from "node:assert/strict";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { identityOf } from "../local/mod.ts";
import { UffdInstaller } from "../paging/mod.ts";
import { FileMapping, type MappedFile } from "./file_mapping.ts";
import { addressOf } from "./native_addresses.ts";
import { NativeBuffers } from "./native_buffers.ts";
import { NativeMemory } from "./native_memory.ts";
import { uffdTest } from "./testing/uffd_test_case.ts";
import { Userfaultfd } from "./userfaultfd.ts";

const MIB = 0x100000;
const PAGE = 4096;

function fileAt(path: string): MappedFile {
  const stat = statSync(path);
  return { path, identity: identityOf(stat), byteLength: stat.size };
}

uffdTest(
  "FileMapping is copied by the kernel, which fails past the end of the file",
  (folder) => {
    const path = folder.file("image");
    writeFileSync(path, new Uint8Array(5 * MIB).fill(7));
    using mapping = FileMapping.open(fileAt(path));
    assert.ok(mapping !== undefined);
    using memory = new NativeMemory(5 * MIB);
    using uffd = Userfaultfd.create();
    const { address, byteLength } = memory;
    uffd.register(address, byteLength);
    using buffers = new NativeBuffers();
    using installer = new UffdInstaller(
      uffd,
      { address, byteLength, pageSize: PAGE },
      { hasZeropage: true, buffers },
    );
    const view = mapping.view(0, 2 * MIB);
    assert.ok(view !== undefined && addressOf(view.bytes) !== undefined);
    assert.equal(installer.copy(0, view), 2 * MIB);
    assert.ok(memory.bytes(0, 2 * MIB).every((byte) => byte === 7));
    // After truncation the copy fails, without a signal and without zeros.
    truncateSync(path, 3 * MIB);
    const gone = mapping.view(4 * MIB, PAGE);
    assert.ok(gone !== undefined);
    assert.throws(() => installer.copy(4 * MIB, gone), /EFAULT/);
    uffd.unregister(address, byteLength);
  },
);

uffdTest(
  "FileMapping.warmNext() ends, even if the file was truncated",
  (folder) => {
    const path = folder.file("image");
    for (const length of [5 * MIB, 2 * MIB + 1]) {
      writeFileSync(path, new Uint8Array(5 * MIB).fill(7));
      readFileSync(path);
      using mapping = FileMapping.open(fileAt(path));
      truncateSync(path, length);
      let steps = 1;
      while (mapping?.warmNext()) steps++;
      assert.ok(steps <= 3);
      assert.equal(mapping?.warmNext(), false);
    }
  },
);

uffdTest("FileMapping.open() maps no other file", (folder) => {
  const path = folder.file("image");
  writeFileSync(path, new Uint8Array(PAGE));
  const file = fileAt(path);
  const open = (other: Partial<MappedFile>) => {
    using mapping = FileMapping.open({ ...file, ...other });
    return mapping !== undefined;
  };
  assert.equal(open({}), true);
  assert.equal(open({ identity: "0:0" }), false);
  assert.equal(open({ byteLength: PAGE + 1 }), false);
  assert.equal(open({ path: folder.file("none") }), false);
});
