import {
  cachedSource,
  openFileSource,
  openHttpSource,
  openSnapshot,
  openSnapshotSync,
  type PageRun,
} from "../../mod.ts";
import { startDelayingProxy } from "../proving/http/delaying_proxy.ts";
import {
  findNginx,
  type NginxWay,
  startNginx,
} from "../proving/http/nginx_server.ts";
import { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";
import {
  PAGE_SIZE,
  presentPages,
  randomNumbers,
  saveGuest,
} from "./guest_memory.ts";
import { benchHttpLoad } from "./http_load.ts";
import { benchHttpTerabyte } from "./http_terabyte.ts";
import { median, millisecondsOf } from "./rounds.ts";
import { printRows } from "./table.ts";

const LATENCY = 20;
const BLOCK_SIZE = 0x10000;

/** Measures reads over HTTP from nginx, through a proxy that adds 20 ms. */
export async function benchHttp(): Promise<void> {
  if (findNginx() === undefined) {
    console.log("http: skipped, nginx is not installed");
    return;
  }
  using scratch = new ScratchDirectory();
  await saveGuest(scratch.file("guest"), presentPages(2 ** 18, 0.2));
  const { server, proxy, url } = await serve(scratch);
  await using _server = server;
  await using _proxy = proxy;
  console.log(
    `http: nginx, each response delayed by ${LATENCY} ms; 1 GiB, 20 % present`,
  );
  await firstPage(url("guest"));
  const runs = localRuns(scratch.file("guest"));
  await randomPages(
    url("guest"),
    runs,
    async () => (await proxy.counts()).bytes,
  );
  await benchHttpLoad(
    { url: url("guest"), singleUrl: url("guest", "single") },
    runs,
    async () => (await proxy.counts()).mostAtOnce,
  );
  await cachedPage(url("guest"), runs);
  await benchHttpTerabyte(scratch, url("terabyte"));
}

async function serve(scratch: ScratchDirectory) {
  const server = await startNginx(scratch.file("."));
  const { origin } = new URL(server.url("plain", "x"));
  const proxy = await startDelayingProxy(origin, LATENCY);
  const url = (file: string, way: NginxWay = "plain") =>
    server.url(way, file).replace(origin, proxy.origin);
  return { server, proxy, url };
}

function localRuns(path: string): PageRun[] {
  using source = openFileSource(path);
  return [...openSnapshotSync(source).block("ram").presentRunsSync()];
}

async function firstPage(url: string): Promise<void> {
  const times: number[] = [];
  let requests = 0;
  for (let round = 0; round < 5; round++) {
    times.push(
      await millisecondsOf(async () => {
        const source = await openHttpSource(url);
        const snapshot = await openSnapshot(cachedSource(source));
        await snapshot.block("ram").readPage(1000);
        requests = source.requests;
      }),
    );
  }
  printRows([
    ["first page", "requests", "ms"],
    ["", `${requests} (goal ≤ 3)`, median(times).toFixed(1)],
  ]);
}

async function randomPages(
  url: string,
  runs: readonly PageRun[],
  received: () => Promise<number>,
): Promise<void> {
  const random = randomNumbers(3);
  const source = await openHttpSource(url);
  const cached = cachedSource(source, { blockSize: BLOCK_SIZE });
  const block = (await openSnapshot(cached)).block("ram");
  await block.hasPage(0);
  const pages = Array.from({ length: 1000 }, () => {
    const { first, end } = runs[Math.floor(random() * runs.length)];
    return first + Math.floor(random() * (end - first));
  });
  const needed = new Set(
    pages.map((page) =>
      Math.floor((block.pagesOffset + page * PAGE_SIZE) / BLOCK_SIZE)
    ),
  ).size * BLOCK_SIZE;
  const before = await received();
  const page = new Uint8Array(PAGE_SIZE);
  const took = await millisecondsOf(async () => {
    for (const index of pages) await block.readPageInto(page, index);
  });
  const moved = await received() - before;
  printRows([
    ["1,000 random pages", "MB moved", "of their blocks", "ms each"],
    [
      "",
      (moved / 1e6).toFixed(1),
      `${(moved / needed).toFixed(2)} × (goal ≤ 2)`,
      (took / 1000).toFixed(1),
    ],
  ]);
}

async function cachedPage(
  url: string,
  runs: readonly PageRun[],
): Promise<void> {
  const source = cachedSource(await openHttpSource(url));
  const block = (await openSnapshot(source)).block("ram");
  const index = runs[0].first;
  const page = new Uint8Array(PAGE_SIZE);
  await block.readPageInto(page, index);
  const count = 100_000;
  const took = await millisecondsOf(async () => {
    for (let read = 0; read < count; read++) {
      await block.readPageInto(page, index);
    }
  });
  printRows([
    ["cached page read again", "µs"],
    ["", `${(took / count * 1000).toFixed(2)} (goal ≤ 2)`],
  ]);
}
