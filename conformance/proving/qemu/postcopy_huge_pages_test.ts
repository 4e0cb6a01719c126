import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openFileSource, openSnapshotSync, SourceError } from "../../../mod.ts";
import { checkCounts, savedCounter, saveRunning } from "./counting_guest.ts";
import {
  assertSame,
  resumeByPostcopy,
  resumingQemu,
} from "./postcopy_guest.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { refusalWords } from "./qemu_words.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const MIB = 2 ** 20;
const POOL = "/proc/sys/vm/nr_hugepages";
/** The number of 2 MiB huge pages that the tests need. */
const NEEDED = 4;
const SMALL = memory("memory-backend-ram");
const HUGE = memory("memory-backend-memfd,hugetlb=on,hugetlbsize=2M");

hugePageTest(
  "a destination in huge pages receives complete huge pages",
  async (scratch) => {
    await saveRunning(SMALL, scratch);
    using file = openFileSource(scratch.file("saved"));
    const saved = openSnapshotSync(file);
    await using qemu = await resumingQemu([...HUGE, "-S"], scratch);
    const { served, completed } = await resumeByPostcopy(qemu, saved, {
      hugePageSizes: { "my.ram": 2 * MIB },
    });
    await served;
    await completed;
    await assertSame(qemu, scratch);
    await qemu.qmp.execute("cont");
    await checkCounts(qemu, savedCounter(scratch), scratch);
  },
);

hugePageTest(
  "a destination in huge pages that were not declared refuses, and gives the reason",
  async (scratch) => {
    await saveRunning(SMALL, scratch);
    using file = openFileSource(scratch.file("saved"));
    await using qemu = await resumingQemu(HUGE, scratch);
    const { guest, served } = await resumeByPostcopy(
      qemu,
      openSnapshotSync(file),
    );
    assert.match(await refusalWords(qemu, guest), /matching RAM page sizes/);
    await assert.rejects(served, SourceError);
  },
);

/** A machine whose RAM is in such a backend. */
function memory(backend: string): string[] {
  return [
    ...["-M", "q35,acpi=off,memory-backend=my.ram", "-m", "4M"],
    ...["-object", `${backend},id=my.ram,size=4M`],
  ];
}

/** A test that needs huge pages; the pool size is restored afterwards. */
function hugePageTest(
  name: string,
  body: (scratch: ScratchDirectory) => Promise<void>,
): void {
  const before = poolSize();
  const enough = setPoolSize(Math.max(before, NEEDED));
  setPoolSize(before);
  if (!enough) {
    const reason = `there are no ${NEEDED} huge pages`;
    test(`${name} (skipped: ${reason})`, { skip: reason }, () => {});
    return;
  }
  qemuTest(name, "x86_64", async (scratch) => {
    setPoolSize(Math.max(before, NEEDED));
    try {
      await body(scratch);
    } finally {
      setPoolSize(before);
    }
  });
}

function poolSize(): number {
  try {
    return Number(readFileSync(POOL, "utf8"));
  } catch {
    return 0;
  }
}

/** Tries to set the pool size; returns whether the pool has that size. */
function setPoolSize(count: number): boolean {
  try {
    if (poolSize() !== count) writeFileSync(POOL, String(count));
  } catch {
    return false;
  }
  return poolSize() === count;
}
