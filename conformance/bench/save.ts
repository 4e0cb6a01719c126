import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createFileSink, openFileSource, saveSnapshot } from "../../mod.ts";
import { BenchFolder } from "./bench_folder.ts";
import { PAGE_SIZE } from "./guest_memory.ts";
import { makeCold, measuredPlaces, type Place } from "./measured_places.ts";
import { writeImage } from "./memory_image.ts";
import { hasQemu, qemuSave, startQemuWith } from "./qemu_contender.ts";
import { type Contender, interleave, millisecondsOf } from "./rounds.ts";
import { printResults } from "./table.ts";

const ROUNDS = 3;
const JOBS = navigator.hardwareConcurrency;

/** Measures saving a memory image, half random and half zero. */
export async function benchSave(): Promise<void> {
  for (const place of measuredPlaces()) {
    using folder = new BenchFolder(place.folder);
    await benchPlace(place, folder.path);
  }
}

async function benchPlace(place: Place, folder: string): Promise<void> {
  const { byteLength, kind } = place;
  const image = join(folder, "image");
  const present = writeImage(image, byteLength, 0.5) * PAGE_SIZE;
  const temperatures = kind === "tmpfs" ? ["cached"] : ["cached", "cold"];
  for (const temperature of temperatures) {
    console.log(
      `save: ${byteLength / 2 ** 30} GiB of RAM on ${kind}, the image ` +
        `${temperature}, ${(present / 2 ** 30).toFixed(1)} GiB of it random; ` +
        "GB/s of RAM, flushed",
    );
    const cold = temperature === "cold";
    printResults(await measure(folder, { image, byteLength, cold }), "GB/s");
  }
}

async function measure(
  folder: string,
  image: {
    readonly image: string;
    readonly byteLength: number;
    readonly cold: boolean;
  },
) {
  const { byteLength } = image;
  const out = join(folder, "out");
  async function speed(
    work: () => Promise<number> | number,
  ): Promise<number> {
    rmSync(out, { force: true });
    execFileSync("sync");
    if (image.cold) makeCold(image.image);
    return byteLength / 1e6 / await work();
  }
  function ours(name: string, options: object): Contender {
    async function run(): Promise<void> {
      using source = openFileSource(image.image);
      const ram = { idstr: "ram", source };
      await saveSnapshot(createFileSink(out), [ram], options);
    }
    const measure = () => speed(() => millisecondsOf(run));
    return { name, measure };
  }
  const copy = `cp --sparse=always '${image.image}' '${out}' && sync '${out}'`;
  const goal = { of: "ratio", atLeast: 0.9 } as const;
  const contenders: Contender[] = [
    {
      name: "cp --sparse=always",
      measure: () =>
        speed(() =>
          millisecondsOf(() => void execFileSync("sh", ["-c", copy]))
        ),
    },
    ours("save, 1 job", {}),
    { ...ours(`save, ${JOBS} jobs`, { jobs: JOBS }), goal },
    ours("save, direct I/O, 1 job", { directIo: true }),
    ours(`save, direct I/O, ${JOBS} jobs`, { directIo: true, jobs: JOBS }),
  ];
  if (!hasQemu()) return await interleave(contenders, ROUNDS);
  await using qemu = await startQemuWith(image.image, byteLength, folder);
  const name = "QEMU, multifd 2";
  async function flushed(directIo = false): Promise<number> {
    const took = await qemuSave(qemu, out, directIo);
    return took + await millisecondsOf(() => void execFileSync("sync", [out]));
  }
  const direct = "QEMU, multifd 2, direct I/O";
  return await interleave([
    { name, measure: () => speed(flushed) },
    { name: direct, measure: () => speed(() => flushed(true)) },
    {
      ...ours(`save beside QEMU, ${JOBS} jobs`, { jobs: JOBS }),
      against: name,
      goal: { of: "ratio", atLeast: 1 },
    },
    ...contenders.map((it) => ({ ...it, against: "cp --sparse=always" })),
  ], ROUNDS);
}
