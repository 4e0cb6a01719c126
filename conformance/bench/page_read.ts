import { closeSync, openSync, readSync } from "node:fs";
import { openFileSource, openSnapshot, openSnapshotSync } from "../../mod.ts";
import { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";
import {
  PAGE_SIZE,
  presentPages,
  randomNumbers,
  saveGuest,
} from "./guest_memory.ts";
import { type Contender, interleave, millisecondsOf } from "./rounds.ts";
import { printResults } from "./table.ts";

const PAGE_COUNT = 2 ** 18;
const READS = 100_000;
const ROUNDS = 9;

/**
 * Measures random pages of a cached file against a plain `readSync` of the same
 * bytes.
 */
export async function benchPageRead(): Promise<void> {
  console.log("page-read: random 4 KiB pages of a cached 1 GiB snapshot");
  using scratch = new ScratchDirectory();
  const path = scratch.file("snapshot");
  await saveGuest(path, presentPages(PAGE_COUNT, 1));

  using source = openFileSource(path);
  const ram = openSnapshotSync(source).block("ram");
  const waitingRam = (await openSnapshot(source)).block("ram");
  const random = randomNumbers(1);
  const pages = Uint32Array.from(
    { length: READS },
    () => random() * PAGE_COUNT,
  );
  const target = new Uint8Array(PAGE_SIZE);
  const fd = openSync(path, "r");
  const contenders: Contender[] = [
    {
      name: "bare readSync",
      measure: () =>
        perPage(() => {
          for (const page of pages) {
            const position = ram.pagesOffset + page * PAGE_SIZE;
            readSync(fd, target, 0, PAGE_SIZE, position);
          }
        }),
    },
    {
      name: "readPageIntoSync",
      goal: { of: "ratio", atMost: 1.2 },
      measure: () =>
        perPage(() => {
          for (const page of pages) ram.readPageIntoSync(target, page);
        }),
    },
    {
      name: "readPageInto",
      goal: { of: "value", atMost: 3 },
      measure: () =>
        perPage(async () => {
          for (const page of pages) await waitingRam.readPageInto(target, page);
        }),
    },
    {
      name: "readIntoSync, page by page",
      measure: () =>
        perPage(() => {
          for (const page of pages) ram.readIntoSync(target, page * PAGE_SIZE);
        }),
    },
    {
      name: "readPageSync, new memory each",
      measure: () =>
        perPage(() => {
          for (const page of pages) ram.readPageSync(page);
        }),
    },
  ];
  printResults(await interleave(contenders, ROUNDS), "µs");
  closeSync(fd);
}

async function perPage(work: () => void | Promise<void>): Promise<number> {
  return await millisecondsOf(work) * 1000 / READS;
}
