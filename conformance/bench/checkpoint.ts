import { execFileSync } from "node:child_process";
import { closeSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  createFileSink,
  openFileSource,
  openSnapshot,
  saveSnapshot,
} from "../../mod.ts";
import { checkpointSnapshot } from "../../reference/doors/linux.ts";
import { BenchFolder } from "./bench_folder.ts";
import { printFigure } from "./figure_row.ts";
import { PAGE_SIZE, presentPages } from "./guest_memory.ts";
import { measuredPlaces } from "./measured_places.ts";
import { writeImage } from "./memory_image.ts";
import { MountedDisk } from "./mounted_disk.ts";
import { type Contender, interleave, millisecondsOf } from "./rounds.ts";
import { printResults } from "./table.ts";

const ROUNDS = 5;
const JOBS = 2;
/** Milliseconds in which a file system frees the blocks of a removed file. */
const FREED_AFTER = 3000;
/** The share of pages that the guest changes. */
const SHARE = 0.02;
const PROGRAM = fileURLToPath(
  new URL("../../reference/cli/main.ts", import.meta.url),
);

/** Measures a checkpoint of a guest beside saving all of it. */
export async function benchCheckpoint(): Promise<void> {
  const [{ folder, byteLength }] = measuredPlaces();
  for (const type of ["xfs", "btrfs"]) {
    using scratch = new BenchFolder(folder);
    let disk: MountedDisk;
    try {
      disk = new MountedDisk(scratch.path, {
        type,
        // The image, three snapshots, and room.
        byteLength: 8 * byteLength,
      });
    } catch (error) {
      console.log(`checkpoint: skipped, cannot mount ${type}: ${error}`);
      continue;
    }
    using mounted = disk;
    await benchDisk(mounted, { type, byteLength });
  }
}

async function benchDisk(
  disk: MountedDisk,
  { type, byteLength }: { readonly type: string; readonly byteLength: number },
): Promise<void> {
  const [image, base, next, out] = ["image", "base.mr", "next.mr", "out.mr"]
    .map((it) => join(disk.path, it));
  writeImage(image, byteLength, 1);
  await save(image, base);
  const changed = changePages(image);
  const before = disk.usedLength();
  await save(image, next);
  console.log(
    `checkpoint: ${byteLength / 2 ** 30} GiB of RAM on ${type}, cached, ` +
      `${(changed / 1e6).toFixed(0)} MB changed; seconds, flushed`,
  );
  const checkpoint = () => checkpointTo(out, { base, next });
  await checkpoint();
  // On XFS it shares changed pages with the new snapshot, which is not kept.
  rmSync(next);
  await setTimeout(FREED_AFTER);
  printFigure("space on the disk, to that of the changed pages", {
    value: (disk.usedLength() - before) / changed,
    unit: "×",
    goal: { atMost: 1.1 },
  });
  await save(image, next);
  const seconds = async (work: () => void | Promise<void>) => {
    rmSync(out, { force: true });
    execFileSync("sync");
    return await millisecondsOf(work) / 1000;
  };
  const contenders: Contender[] = [
    {
      name: `save, ${JOBS} jobs`,
      measure: () => seconds(() => save(image, out)),
    },
    {
      name: `checkpoint, ${JOBS} jobs`,
      goal: { of: "ratio", atMost: 0.25 },
      measure: () => seconds(checkpoint),
    },
    {
      name: `the command on Deno, ${JOBS} jobs, with its start`,
      measure: () =>
        seconds(() => {
          const args = ["checkpoint", base, next, out, "--jobs", `${JOBS}`];
          const run = ["run", "--allow-all", "--no-check", PROGRAM, ...args];
          execFileSync("deno", run, { stdio: "pipe" });
        }),
    },
  ];
  printResults(await interleave(contenders, ROUNDS), "s");
}

async function save(image: string, out: string): Promise<void> {
  using source = openFileSource(image);
  const ram = { idstr: "ram", source };
  await saveSnapshot(createFileSink(out), [ram], { jobs: JOBS });
}

async function checkpointTo(
  out: string,
  { base, next }: { readonly base: string; readonly next: string },
): Promise<void> {
  using earlier = openFileSource(base);
  using later = openFileSource(next);
  await checkpointSnapshot(await openSnapshot(later), createFileSink(out), {
    base: await openSnapshot(earlier),
    jobs: JOBS,
  });
}

/** Changes pages of an image; returns their bytes. */
function changePages(image: string): number {
  const pageCount = statSync(image).size / PAGE_SIZE;
  const changed = presentPages(pageCount, SHARE);
  const page = new Uint8Array(PAGE_SIZE);
  const file = openSync(image, "r+");
  let count = 0;
  for (const [index, isChanged] of changed.entries()) {
    if (isChanged === 0) continue;
    crypto.getRandomValues(page);
    writeSync(file, page, 0, PAGE_SIZE, index * PAGE_SIZE);
    count++;
  }
  closeSync(file);
  return count * PAGE_SIZE;
}
