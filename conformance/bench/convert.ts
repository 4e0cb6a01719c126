import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  createFileSink,
  importImages,
  openFileSource,
  openSnapshot,
} from "../../mod.ts";
import {
  convertSequential,
  openSequential,
  writeSequential,
} from "../../reference/doors/convert.ts";
import { listenSocket, receiveMigration } from "../../reference/doors/qemu.ts";
import {
  migrateSequentially,
  type SequentialMigration,
} from "../proving/qemu/sequential_migration.ts";
import { measuredPlaces, type Place } from "./measured_places.ts";
import { writeImage } from "./memory_image.ts";
import { hasQemu, startQemuWith } from "./qemu_contender.ts";
import { type Contender, interleave, millisecondsOf } from "./rounds.ts";
import { printResults } from "./table.ts";

const ROUNDS = 7;
const GIB = 2 ** 30;

/** Measures converting a sequential stream of 1 GiB, and receiving a guest. */
export async function benchConvert(): Promise<void> {
  for (const place of measuredPlaces()) {
    const folder = mkdtempSync(join(place.folder, "mapped-ram-bench-"));
    try {
      await benchPlace(place, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

async function benchPlace({ kind }: Place, folder: string): Promise<void> {
  const image = join(folder, "image");
  const stream = join(folder, "stream");
  writeImage(image, GIB, 1);
  await makeStream(image, stream);
  const megabytes = statSync(stream).size / 1e6;
  console.log(`convert: a stream of 1 GiB on ${kind}, cached; GB/s, flushed`);
  printResults(
    await interleave(conversions(folder, megabytes), ROUNDS),
    "GB/s",
  );
  rmSync(stream);
  if (!hasQemu()) return;
  console.log(
    `receive: a guest of 1 GiB, stopped, on ${kind}; seconds, flushed`,
  );
  printResults(await interleave(migrations(folder), ROUNDS), "s");
}

async function makeStream(image: string, stream: string): Promise<void> {
  const file = `${stream}.mr`;
  {
    using source = openFileSource(image);
    await importImages(createFileSink(file), { ram: source });
  }
  using saved = openFileSource(file);
  await writeSequential(await openSnapshot(saved), createFileSink(stream));
  rmSync(file);
}

function conversions(folder: string, megabytes: number): Contender[] {
  const out = join(folder, "out");
  const stream = join(folder, "stream");
  async function speed(work: () => Promise<void> | void): Promise<number> {
    rmSync(out, { force: true });
    execFileSync("sync");
    return megabytes / await millisecondsOf(work);
  }
  return [
    {
      name: "cat",
      measure: () =>
        speed(() => {
          const command = `cat '${stream}' > '${out}' && sync '${out}'`;
          execFileSync("sh", ["-c", command]);
        }),
    },
    {
      name: "convert to mapped-ram",
      goal: { of: "ratio", atLeast: 0.5 },
      measure: () =>
        speed(async () => {
          using source = openFileSource(stream);
          await convertSequential(source, createFileSink(out));
        }),
    },
    {
      name: "open lazily: one pass, nothing written",
      measure: () =>
        speed(async () => {
          using source = openFileSource(stream);
          using _ = await openSequential(source);
        }),
    },
  ];
}

function migrations(folder: string): Contender[] {
  const out = join(folder, "out");
  const image = join(folder, "image");
  async function seconds(
    work: (save: (uri: string) => Promise<void>) => Promise<void>,
    options: SequentialMigration = {},
  ): Promise<number> {
    rmSync(out, { force: true });
    execFileSync("sync");
    await using qemu = await startQemuWith(image, GIB, folder);
    const save = (uri: string) => migrateSequentially(qemu, uri, options);
    return await millisecondsOf(() => work(save)) / 1000;
  }
  async function receive(
    save: (uri: string) => Promise<void>,
  ): Promise<void> {
    const uri = `unix:${join(folder, "socket")}`;
    using listener = await listenSocket(uri);
    const received = listener.accept()
      .then((channel) => receiveMigration(channel, createFileSink(out)));
    await Promise.all([save(uri), received]);
  }
  return [
    {
      name: "QEMU saves to file:",
      measure: () =>
        seconds(async (save) => {
          await save(`file:${out}`);
          execFileSync("sync", [out]);
        }),
    },
    {
      name: "QEMU saves to file: with mapped-ram",
      measure: () =>
        seconds(async (save) => {
          await save(`file:${out}`);
          execFileSync("sync", [out]);
        }, { capabilities: ["mapped-ram"] }),
    },
    {
      name: "receive from QEMU",
      goal: { of: "ratio", atMost: 1.5 },
      measure: () => seconds(receive),
    },
  ];
}
