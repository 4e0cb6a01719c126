import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createFileSink,
  openFileSource,
  openSnapshot,
  saveSnapshot,
} from "../../mod.ts";
import { diffSnapshots } from "../../reference/doors/convert.ts";
import { sharedExtents } from "../../reference/doors/linux.ts";
import { BenchFolder } from "./bench_folder.ts";
import { PAGE_SIZE, presentPages } from "./guest_memory.ts";
import { measuredPlaces } from "./measured_places.ts";
import { writeImage } from "./memory_image.ts";
import { MountedDisk } from "./mounted_disk.ts";
import { type Contender, interleave, millisecondsOf } from "./rounds.ts";
import { printResults } from "./table.ts";

const ROUNDS = 5;
const JOBS = 2;
const GIB = 2 ** 30;
/** The share of pages that differ. */
const SHARE = 0.02;
const PROGRAM = fileURLToPath(
  new URL("../../reference/cli/main.ts", import.meta.url),
);

/** The files that are compared. */
interface Files {
  readonly base: string;
  /** The same bytes, in other blocks of the disk. */
  readonly copy: string;
  /** A later snapshot, in other blocks; and sharing those that are the same. */
  readonly later: string;
  readonly sharing: string;
}

/** Measures the comparison of two snapshots beside that of their bytes. */
export async function benchDiff(): Promise<void> {
  const [{ folder, byteLength }] = measuredPlaces();
  for (const type of ["xfs", "btrfs"]) {
    using scratch = new BenchFolder(folder);
    let disk: MountedDisk;
    try {
      // The image, three files, and room.
      const length = 5 * byteLength;
      disk = new MountedDisk(scratch.path, { type, byteLength: length });
    } catch (error) {
      console.log(`diff: skipped, cannot mount ${type}: ${error}`);
      continue;
    }
    using mounted = disk;
    const files = await makeFiles(mounted.path, byteLength);
    console.log(
      `diff: ${byteLength / GIB} GiB of RAM on ${type}, cached, ` +
        `${SHARE * 100} % of pages differ; GB/s of one file`,
    );
    const results = await interleave(contenders(files, byteLength), ROUNDS);
    printResults(results, "GB/s");
  }
}

async function makeFiles(folder: string, byteLength: number): Promise<Files> {
  const [image, base, copy, later, sharing] = [
    ...["image", "base.mr", "copy.mr", "later.mr", "sharing.mr"],
  ].map((it) => join(folder, it));
  writeImage(image, byteLength, 1);
  {
    using source = openFileSource(image);
    const ram = { idstr: "ram", source };
    await saveSnapshot(createFileSink(base), [ram], { jobs: JOBS });
  }
  execFileSync("rm", [image]);
  execFileSync("cp", ["--reflink=never", base, copy]);
  execFileSync("cp", ["--reflink=always", base, sharing]);
  await changePages(sharing);
  execFileSync("cp", ["--reflink=never", sharing, later]);
  execFileSync("sync");
  return { base, copy, later, sharing };
}

/** Changes pages of a snapshot that holds all of them. */
async function changePages(path: string): Promise<void> {
  using source = openFileSource(path);
  const { pagesOffset, pageCount } = (await openSnapshot(source)).block("ram");
  const changed = presentPages(pageCount, SHARE);
  const page = new Uint8Array(PAGE_SIZE);
  const file = openSync(path, "r+");
  for (const [index, isChanged] of changed.entries()) {
    if (isChanged === 0) continue;
    crypto.getRandomValues(page);
    writeSync(file, page, 0, PAGE_SIZE, pagesOffset + index * PAGE_SIZE);
  }
  closeSync(file);
}

function contenders(
  { base, copy, later, sharing }: Files,
  byteLength: number,
): Contender[] {
  const speed = async (work: () => void | Promise<void>) =>
    byteLength / 1e6 / await millisecondsOf(work);
  const command = (other: string) => ({
    measure: () =>
      speed(() => {
        const args = ["diff", base, other, "--jobs", `${JOBS}`];
        const run = ["run", "--allow-all", "--no-check", PROGRAM, ...args];
        spawnSync("deno", run, { stdio: "pipe" });
      }),
  });
  return [
    {
      name: "cmp of the same bytes, not shared",
      measure: () => speed(() => void execFileSync("cmp", [base, copy])),
    },
    {
      name: `the library, ${JOBS} jobs, not shared`,
      goal: { of: "ratio", atLeast: 0.9 },
      measure: () => speed(() => compare(base, later)),
    },
    {
      name: "the command on Deno, with its start, not shared",
      ...command(later),
    },
    {
      name: `the library, ${JOBS} jobs, shared`,
      goal: { of: "ratio", atLeast: 20 },
      measure: () => speed(() => compare(base, sharing)),
    },
    {
      name: "the command on Deno, with its start, shared",
      ...command(sharing),
    },
  ];
}

async function compare(a: string, b: string): Promise<void> {
  using one = openFileSource(a);
  using other = openFileSource(b);
  await diffSnapshots(await openSnapshot(one), await openSnapshot(other), {
    jobs: JOBS,
    sharedExtents,
  });
}
