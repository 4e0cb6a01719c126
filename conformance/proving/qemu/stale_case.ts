import { closeSync, openSync, readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { textPages } from "./known_memory.ts";
import { pcCase } from "./pc_cases.ts";
import type { QemuProcess } from "./qemu_process.ts";
import { runMigration } from "./run_migration.ts";
import type { VectorCase } from "./vector_case.ts";

const NAME = "pc-stale";
const PAGE_SIZE = 4096;
const PAGES_OFFSET = 0x100000;
const STALE_PAGE = 3;
const REWRITTEN_PAGE = 4;
const LATE_PAGE = 1;
const LATE_VALUE = 0x4c;
const SLOW = 65_536;
const FAST = 2 ** 40;

/**
 * Memory that changes while QEMU saves it.
 *
 * The first pass is slow. Once it has stored a page, the page becomes zero and
 * a later pass clears its bit, which leaves the old bytes in the file.
 */
export function staleCase(): VectorCase {
  const first = textPages(NAME, { first: 2, count: 64 });
  const about = "Page 3 is stored by the first pass and zero in a later one: " +
    "its bit is clear and its old bytes are in the file";
  const pc = pcCase(NAME, about, {
    machine: "pc,acpi=off",
    rules: ["clear-bit-zero"],
    pieces: [{ page: 2, content: first }],
  });
  const memory = Uint8Array.from(pc.memory["pc.ram"] ?? []);
  for (
    const [page, value] of [
      [STALE_PAGE, 0],
      [REWRITTEN_PAGE, LATE_VALUE],
      [LATE_PAGE, LATE_VALUE],
    ] as const
  ) memory.fill(value, page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
  const oldBytes = first.bytes.subarray(
    (STALE_PAGE - 2) * PAGE_SIZE,
    (STALE_PAGE - 1) * PAGE_SIZE,
  );
  return {
    ...pc,
    memory: { ...pc.memory, "pc.ram": memory },
    stale: { "pc.ram": { [STALE_PAGE]: oldBytes } },
    save: async (qemu, path, file) => {
      await qemu.prepareMigration({ maxBandwidth: SLOW });
      const saved = runMigration(qemu.qmp, "migrate", { uri: `file:${path}` });
      // If a step below fails, report the error of that step.
      saved.catch(() => {});
      qemu.note("wait until the file holds pages 3 and 4");
      await untilFileHolds(file, oldBytes, STALE_PAGE);
      await untilFileHolds(
        file,
        first.bytes.subarray(2 * PAGE_SIZE, 3 * PAGE_SIZE),
        REWRITTEN_PAGE,
      );
      await changeMemory(qemu);
      await qemu.qmp.execute("migrate-set-parameters", {
        "max-bandwidth": FAST,
      });
      await saved;
    },
  };
}

async function changeMemory({ qtest }: QemuProcess): Promise<void> {
  await qtest.memset(STALE_PAGE * PAGE_SIZE, PAGE_SIZE, 0);
  await qtest.memset(REWRITTEN_PAGE * PAGE_SIZE, PAGE_SIZE, LATE_VALUE);
  await qtest.memset(LATE_PAGE * PAGE_SIZE, PAGE_SIZE, LATE_VALUE);
}

async function untilFileHolds(
  file: string,
  bytes: Uint8Array,
  page: number,
): Promise<void> {
  const found = new Uint8Array(bytes.length);
  for (let attempt = 0; attempt < 6000; attempt++) {
    await sleep(10);
    const handle = openSync(file, "r");
    try {
      readSync(handle, found, 0, found.length, PAGES_OFFSET + page * PAGE_SIZE);
    } finally {
      closeSync(handle);
    }
    if (found.every((value, index) => value === bytes[index])) return;
  }
  throw new Error(`QEMU has not stored page ${page}`);
}
