import assert from "node:assert/strict";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { UffdInstaller } from "../paging/mod.ts";
import { FileMapping } from "./file_mapping.ts";
import { addressOf } from "./native_addresses.ts";
import { NativeBuffers } from "./native_buffers.ts";
import { NativeMemory } from "./native_memory.ts";
import { uffdTest } from "./testing/uffd_test_case.ts";
import { Userfaultfd } from "./userfaultfd.ts";

const MIB = 0x100000;
const PAGE = 4096;

uffdTest(
  "FileMapping is copied by the kernel, which fails past the end of the file",
  (folder) => {
    const path = folder.file("image");
    writeFileSync(path, new Uint8Array(5 * MIB).fill(7));
    const mapping = FileMapping.open(path);
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
    assert.equal(mapping.isCurrent(), false);
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
      const mapping = FileMapping.open(path);
      truncateSync(path, length);
      let steps = 1;
      while (mapping?.warmNext()) steps++;
      assert.ok(steps <= 3);
      assert.equal(mapping?.warmNext(), false);
    }
  },
);
