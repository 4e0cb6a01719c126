import {
  type ByteSource,
  cachedSource,
  exportImage,
  openHttpSource,
  openSnapshot,
  verifiedSource,
} from "../../mod.ts";
import {
  type DelayingProxy,
  startDelayingProxy,
} from "../proving/http/delaying_proxy.ts";
import { findNginx, startNginx } from "../proving/http/nginx_server.ts";
import { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";
import { printFigure } from "./figure_row.ts";
import {
  PAGE_SIZE,
  presentPages,
  randomNumbers,
  saveGuest,
} from "./guest_memory.ts";
import { nowhere } from "./plain_sinks.ts";
import { interleave, millisecondsOf } from "./rounds.ts";
import { sealSnapshot } from "./sealed_snapshot.ts";
import { printResults } from "./table.ts";

const LATENCY = 20;
const PAGE_COUNT = 2 ** 17;
const ROUNDS = 5;

/** Opens the snapshot, checked or not. */
type Open = () => Promise<ByteSource>;

/** Measures checked reads over HTTP, beside the same reads unchecked. */
export async function benchVerityHttp(): Promise<void> {
  if (findNginx() === undefined) {
    console.log("verity: HTTP is not measured, nginx is not installed");
    return;
  }
  using scratch = new ScratchDirectory();
  const present = presentPages(PAGE_COUNT, 0.5);
  await saveGuest(scratch.file("guest"), present);
  const { digest } = await sealSnapshot(scratch.file("guest"));
  await using server = await startNginx(scratch.file("."));
  const { origin } = new URL(server.url("plain", "guest"));
  await using proxy = await startDelayingProxy(origin, LATENCY);
  const url = (file: string) =>
    server.url("plain", file).replace(origin, proxy.origin);
  const plain: Open = async () =>
    cachedSource(await openHttpSource(url("guest")));
  const checked: Open = async () => {
    const [file, tree] = await Promise.all([
      plain(),
      openHttpSource(url("guest.verity")),
    ]);
    return await verifiedSource(file, { tree, digest });
  };
  console.log(`verity: HTTP, each response delayed by ${LATENCY} ms`);
  await firstPage(plain, checked);
  await randomPages(plain, checked, { present, proxy });
  const load = async (open: Open) => {
    const ram = (await openSnapshot(await open())).block("ram");
    return PAGE_COUNT * PAGE_SIZE / 2 / 1e6 /
      await millisecondsOf(() => exportImage(ram, nowhere()));
  };
  printResults(
    await interleave([
      { name: "all pages, unchecked", measure: () => load(plain) },
      {
        name: "all pages, checked",
        goal: { of: "ratio", atLeast: 0.8 },
        measure: () => load(checked),
      },
    ], ROUNDS),
    "GB/s",
  );
}

async function firstPage(plain: Open, checked: Open): Promise<void> {
  const first = (open: Open) =>
    millisecondsOf(async () => {
      const snapshot = await openSnapshot(await open());
      await snapshot.block("ram").readPage(1000);
    });
  const [unchecked, verified] = await interleave([
    { name: "first page, unchecked", measure: () => first(plain) },
    { name: "first page, checked", measure: () => first(checked) },
  ], ROUNDS);
  printResults([unchecked, verified], "ms");
  printFigure("first page, round trips more", {
    value: (verified.median - unchecked.median) / LATENCY,
    unit: "",
    // The rest of a round trip is the work of two connections.
    goal: { atMost: 1.5 },
  });
}

async function randomPages(
  plain: Open,
  checked: Open,
  { present, proxy }: {
    readonly present: Uint8Array;
    readonly proxy: DelayingProxy;
  },
): Promise<void> {
  const random = randomNumbers(3);
  const pages: number[] = [];
  while (pages.length < 1000) {
    const page = Math.floor(random() * PAGE_COUNT);
    if (present[page] === 1) pages.push(page);
  }
  const moved = async (open: Open) => {
    const ram = (await openSnapshot(await open())).block("ram");
    const before = (await proxy.counts()).bytes;
    const target = new Uint8Array(PAGE_SIZE);
    for (const page of pages) await ram.readPageInto(target, page);
    return ((await proxy.counts()).bytes - before) / 1e6;
  };
  printResults(
    await interleave([
      { name: "1,000 random pages, unchecked", measure: () => moved(plain) },
      {
        name: "1,000 random pages, checked",
        goal: { of: "ratio", atMost: 1.1 },
        measure: () => moved(checked),
      },
    ], 1),
    "MB",
  );
}
