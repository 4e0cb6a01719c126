import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import {
  createFileSink,
  exportImage,
  openFileSource,
  openSnapshot,
  openSnapshotSync,
  saveSnapshot,
} from "../../mod.ts";
import { willNeed } from "../../reference/doors/linux.ts";
import { BenchFolder } from "./bench_folder.ts";
import { PAGE_SIZE } from "./guest_memory.ts";
import { makeCold, measuredPlaces, type Place } from "./measured_places.ts";
import { writeImage } from "./memory_image.ts";
import {
  hasQemu,
  qemuLoad,
  qemuSave,
  startQemuWith,
} from "./qemu_contender.ts";
import { type Contender, interleave, millisecondsOf } from "./rounds.ts";
import { printResults } from "./table.ts";

const ROUNDS = 3;
const JOBS = navigator.hardwareConcurrency;
const GIB = 2 ** 30;

/**
 * Measures loading a snapshot, half random and half zero, to an image and into
 * QEMU.
 */
export async function benchLoadBesideQemu(): Promise<void> {
  for (const place of measuredPlaces()) {
    using folder = new BenchFolder(place.folder);
    await benchPlace(place, folder);
  }
}

async function benchPlace(place: Place, folder: BenchFolder): Promise<void> {
  const { byteLength, kind } = place;
  const image = folder.file("image");
  const file = folder.file("vm.mr");
  const present = writeImage(image, byteLength, 0.5) * PAGE_SIZE;
  const dense = folder.file("dense");
  writeImage(dense, present, 1);
  await saveWith(folder, { image, file, byteLength });
  rmSync(image);
  for (
    const temperature of kind === "tmpfs" ? ["cached"] : ["cached", "cold"]
  ) {
    console.log(
      `load: ${byteLength / GIB} GiB of RAM on ${kind}, the snapshot ` +
        `${temperature}; GB/s of the ${(present / GIB).toFixed(1)} GiB present`,
    );
    const cold = temperature === "cold";
    const facts = { file, dense, byteLength, present, cold };
    printResults(await measure(folder, facts), "GB/s");
  }
}

/**
 * Saves with QEMU if there is one, so that QEMU can load it, else with the
 * library.
 */
async function saveWith(
  folder: BenchFolder,
  { image, file, byteLength }: {
    readonly image: string;
    readonly file: string;
    readonly byteLength: number;
  },
): Promise<void> {
  if (hasQemu()) {
    await using qemu = await startQemuWith(image, byteLength, folder.path);
    await qemuSave(qemu, file);
    return;
  }
  using source = openFileSource(image);
  await saveSnapshot(createFileSink(file), [{ idstr: "ram", source }]);
}

async function measure(
  folder: BenchFolder,
  { file, dense, byteLength, present, cold }: {
    readonly file: string;
    readonly dense: string;
    readonly byteLength: number;
    readonly present: number;
    readonly cold: boolean;
  },
) {
  const out = folder.file("out");
  async function speed(work: () => Promise<number>): Promise<number> {
    rmSync(out, { force: true });
    execFileSync("sync");
    if (cold) { for (const path of [file, dense]) makeCold(path); }
    return present / 1e6 / await work();
  }
  function tool(name: string, command: string): Contender {
    const run = () => void execFileSync("sh", ["-c", command]);
    return { name, measure: () => speed(() => millisecondsOf(run)) };
  }
  function ours(name: string, options: object): Contender {
    async function run(): Promise<void> {
      using source = openFileSource(file, { willNeed });
      const { blocks } = await openSnapshot(source);
      const [largest] = blocks.toSorted((a, b) => b.usedLength - a.usedLength);
      await exportImage(largest, createFileSink(out), options);
    }
    return { name, measure: () => speed(() => millisecondsOf(run)) };
  }
  const dd = "dd of the pages, flushed";
  const command = `dd if='${dense}' of='${out}' bs=256K conv=fsync status=none`;
  const contenders: Contender[] = [
    tool(dd, command),
    tool(
      "dd of the pages to nowhere",
      `dd if='${dense}' of=/dev/null bs=256K status=none`,
    ),
    tool(
      "cp --sparse=always, flushed",
      `cp --sparse=always '${file}' '${out}' && sync '${out}'`,
    ),
    { ...ours("load, 1 job", {}), against: dd },
    {
      ...ours(`load, ${JOBS} jobs`, { jobs: JOBS }),
      against: dd,
      goal: { of: "ratio", atLeast: 0.9 },
    },
  ];
  // A fragmented file costs every tool more than a contiguous one.
  const pieces = "cp --sparse=always, flushed";
  contenders.push({
    ...ours(`load beside cp, ${JOBS} jobs`, { jobs: JOBS }),
    against: pieces,
    goal: { of: "ratio", atLeast: 0.9 },
  });
  if (!hasQemu()) return await interleave(contenders, ROUNDS);
  const name = "QEMU's eager load, multifd 2";
  return await interleave([
    ...contenders,
    {
      name,
      measure: () => speed(() => qemuLoad(file, byteLength, folder.path)),
    },
    {
      ...ours(`load beside QEMU, ${JOBS} jobs`, { jobs: JOBS }),
      against: name,
      goal: { of: "ratio", atLeast: 1 },
    },
    readIntoMemory(),
  ], ROUNDS);

  /** Like QEMU, reads the pages into memory, and writes no file. */
  function readIntoMemory(): Contender {
    const memory = new Uint8Array(byteLength);
    function run(): void {
      using source = openFileSource(file);
      const { blocks } = openSnapshotSync(source);
      const [largest] = blocks.toSorted((a, b) => b.usedLength - a.usedLength);
      largest.readIntoSync(memory.subarray(0, largest.usedLength), 0);
    }
    const measure = () => speed(() => millisecondsOf(run));
    return {
      name: "readIntoSync() to memory, 1 thread",
      measure,
      against: name,
    };
  }
}
