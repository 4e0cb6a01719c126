import { execFile, execFileSync } from "node:child_process";
import { rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  createFileSink,
  DirtyPages,
  exportImage,
  memorySource,
  openFileSource,
  openSnapshot,
  saveLive,
  saveSnapshot,
} from "../../mod.ts";
import { BenchFolder } from "./bench_folder.ts";
import { PAGE_SIZE, randomNumbers } from "./guest_memory.ts";
import {
  cachedBytes,
  makeCold,
  measuredPlaces,
  type Place,
} from "./measured_places.ts";
import { writeImage } from "./memory_image.ts";
import { median, millisecondsOf } from "./rounds.ts";
import { goalText, printRows } from "./table.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const JOBS = navigator.hardwareConcurrency;
/** Bytes per read for local files. */
const CHUNK = 0x40000;
const DIRECT = ["iflag=direct"];
const run = promisify(execFile);
const PROBE = fileURLToPath(new URL("save_probe.ts", import.meta.url));

/** Measures costs of saving other than time, and cases that should be free. */
export async function benchSaveLimits(): Promise<void> {
  for (const place of measuredPlaces()) {
    using folder = new BenchFolder(place.folder);
    await zeros(place, folder.path);
    if (place.kind !== "tmpfs") await directIo(folder.path);
  }
  using folder = new BenchFolder(tmpdir());
  memory(folder.path);
  await liveRounds(folder.path);
}

/** Measures an empty image of 16 GiB, by reading it and by its holes. */
async function zeros({ kind }: Place, folder: string): Promise<void> {
  const image = join(folder, "zeros");
  const out = join(folder, "out");
  writeFileSync(image, "");
  truncateSync(image, 16 * GIB);
  async function seconds(dataRanges?: []): Promise<number> {
    const times: number[] = [];
    for (let round = 0; round < 3; round++) {
      if (kind !== "tmpfs") makeCold(image);
      using source = openFileSource(image);
      const ram = { idstr: "ram", source, dataRanges };
      const sink = createFileSink(out, { force: true });
      times.push(
        await millisecondsOf(async () =>
          void await saveSnapshot(sink, [ram], { jobs: JOBS })
        ),
      );
    }
    return median(times) / 1000;
  }
  // The time to only read the zeros, with the same number of processes.
  const limit = await ddSeconds(image, kind === "tmpfs" ? [] : DIRECT);
  const scanned = await seconds();
  const asked = await seconds([]);
  const speed = 16 * GIB / 1e9 / scanned;
  printRows([
    [`16 GiB of holes on ${kind}`, "s", "GB/s", "goal"],
    [
      `dd to nowhere, ${JOBS} processes${kind === "tmpfs" ? "" : ", direct"}`,
      limit.toFixed(2),
      (16 * GIB / 1e9 / limit).toFixed(1),
    ],
    [
      `read, ${JOBS} jobs`,
      scanned.toFixed(2),
      speed.toFixed(1),
      goalText(
        { of: "value", atLeast: 10 },
        { value: speed, ratio: 0 },
        "GB/s",
      ),
    ],
    [
      "by its holes",
      asked.toFixed(4),
      "",
      goalText(
        { of: "ratio", atLeast: 100 },
        { value: 0, ratio: scanned / asked },
        "×",
      ),
    ],
  ]);
  rmSync(image);
  rmSync(out);
}

/** Returns the seconds that one process per job takes to read an image. */
async function ddSeconds(
  image: string,
  flags: readonly string[],
): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    times.push(
      await millisecondsOf(async () => {
        const count = 16 * GIB / CHUNK / JOBS;
        const parts = Array.from({ length: JOBS }, (_, job) =>
          run("dd", [
            ...[`if=${image}`, "of=/dev/null", `bs=${CHUNK}`, "status=none"],
            ...[`count=${count}`, `skip=${count * job}`, ...flags],
          ]));
        await Promise.all(parts);
      }),
    );
  }
  return median(times) / 1000;
}

/** Measures how much of the files is in the page cache after direct I/O. */
async function directIo(folder: string): Promise<void> {
  const byteLength = 2 * GIB;
  const image = join(folder, "image");
  const file = join(folder, "vm.mr");
  const back = join(folder, "back");
  const present = writeImage(image, byteLength, 0.5) * PAGE_SIZE;
  const rows = [["direct I/O, 1 GiB of 2 present", "GB/s", "in the cache", ""]];
  for (const directIo of [false, true]) {
    makeCold(image);
    const options = { jobs: JOBS, directIo };
    using source = openFileSource(image);
    const ram = { idstr: "ram", source };
    const saving = await millisecondsOf(async () =>
      void await saveSnapshot(
        createFileSink(file, { force: true }),
        [ram],
        options,
      )
    );
    const saved = cachedBytes(image) + cachedBytes(file);
    makeCold(file);
    using snapshot = openFileSource(file);
    const { blocks } = await openSnapshot(snapshot);
    const loading = await millisecondsOf(() =>
      exportImage(blocks[0], createFileSink(back, { force: true }), options)
    );
    const loaded = cachedBytes(file) + cachedBytes(back);
    const how = directIo ? "direct" : "buffered";
    rows.push(row(`save, ${how}`, byteLength, saving, saved, directIo));
    rows.push(row(`load, ${how}`, present, loading, loaded, directIo));
  }
  printRows(rows);
}

function row(
  name: string,
  bytes: number,
  milliseconds: number,
  cached: number,
  isDirect: boolean,
): string[] {
  const percent = cached / bytes * 100;
  const goal = { of: "value", atMost: 5 } as const;
  return [
    name,
    (bytes / 1e6 / milliseconds).toFixed(2),
    `${percent.toFixed(1)} %`,
    isDirect ? goalText(goal, { value: percent, ratio: 0 }, "%") : "",
  ];
}

/** Measures the peak memory of a saving process, minus that of an idle one. */
function memory(folder: string): void {
  const image = join(folder, "image");
  const idle = probe(image, folder, 0);
  const rows = [["memory while saving", "MB above idle", "goal"]];
  for (const gibibytes of [1, 64]) {
    writeFileSync(image, "");
    truncateSync(image, gibibytes * GIB);
    for (const jobs of [1, JOBS, 2 * JOBS]) {
      const used = (probe(image, folder, jobs) - idle) / MIB;
      const goal = { of: "value", atMost: 64 + jobs * 8 } as const;
      rows.push([
        `${gibibytes} GiB, ${jobs} jobs`,
        used.toFixed(0),
        goalText(goal, { value: used, ratio: 0 }, "MiB"),
      ]);
    }
  }
  printRows(rows);
}

function probe(image: string, folder: string, jobs: number): number {
  const run = "Deno" in globalThis ? ["run", "--no-check", "--allow-all"] : [];
  const args = [PROBE, image, join(folder, "out"), String(jobs)];
  return Number(execFileSync(process.execPath, [...run, ...args]).toString());
}

/** Measures 20 rounds in each of which a tenth of the pages is written to. */
async function liveRounds(folder: string): Promise<void> {
  const byteLength = GIB / 2;
  const pageCount = byteLength / PAGE_SIZE;
  const ram = new Uint8Array(new SharedArrayBuffer(byteLength)).fill(1);
  const dirty = new DirtyPages(pageCount);
  const random = randomNumbers(20);
  const path = join(folder, "live");
  const sink = createFileSink(path);
  const { rounds, byteLength: size } = await saveLive(sink, [{
    idstr: "ram",
    source: memorySource(ram),
    takeDirty() {
      for (let count = 0; count < pageCount / 10; count++) {
        const page = Math.floor(random() * pageCount);
        ram[page * PAGE_SIZE] = 1 + count % 255;
        dirty.mark(page);
      }
      return dirty.take();
    },
  }], { jobs: JOBS, downtimeLimit: 0, maxRounds: 20, stop() {} });
  const times = rounds.slice(1).map(({ milliseconds }) => milliseconds);
  const { size: finalSize } = statSync(path);
  printRows([
    ["live, 512 MiB", "ms", ""],
    ["first round", (rounds[0]?.milliseconds ?? 0).toFixed(0), ""],
    [
      `${times.length} rounds of 10 %, median`,
      median(times).toFixed(0),
      `file of ${finalSize} bytes, ${
        finalSize === size ? "as" : "NOT AS"
      } from the start`,
    ],
    ["each", times.map((it) => it.toFixed(0)).join(" "), ""],
  ]);
}
