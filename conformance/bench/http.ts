import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import process from "node:process";
import { promisify } from "node:util";
import {
  cachedSource,
  exportImage,
  openFileSource,
  openHttpSource,
  openSnapshot,
  openSnapshotSync,
  type PageRun,
} from "../../mod.ts";
import { startDelayingProxy } from "../http/delaying_proxy.ts";
import { findNginx, startNginx } from "../http/nginx_server.ts";
import { ScratchDirectory } from "../qemu/scratch_directory.ts";
import {
  PAGE_SIZE,
  presentPages,
  randomNumbers,
  saveGuest,
  saveSparseGuest,
} from "./guest_memory.ts";
import { nowhere } from "./plain_sinks.ts";
import { interleave, median, millisecondsOf } from "./rounds.ts";
import { printResults, printRows } from "./table.ts";

const runFile = promisify(execFile);
const LATENCY = 20;
const BLOCK_SIZE = 0x10000;
/** Bytes that a request for many pages brings, as the library asks for them. */
const PART = 0x400000;
const TIB_PAGES = 2 ** 28;

/** Reading over HTTP: nginx behind a proxy that answers 20 ms later. */
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
    `http: nginx, each answer ${LATENCY} ms later; 1 GiB, 20 % present`,
  );
  await firstPage(url("guest"));
  const runs = localRuns(scratch.file("guest"));
  await randomPages(
    url("guest"),
    runs,
    async () => (await proxy.counts()).bytes,
  );
  await sequentialLoad(
    url("guest"),
    runs,
    async () => (await proxy.counts()).mostAtOnce,
  );
  await cachedPage(url("guest"), runs);
  await terabyte(scratch, url("terabyte"));
}

async function serve(scratch: ScratchDirectory) {
  const server = await startNginx(scratch.file("."));
  const { origin } = new URL(server.url("plain", "x"));
  const proxy = await startDelayingProxy(origin, LATENCY);
  const url = (file: string) =>
    server.url("plain", file).replace(origin, proxy.origin);
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

async function sequentialLoad(
  url: string,
  runs: readonly PageRun[],
  mostAtOnce: () => Promise<number>,
): Promise<void> {
  const pages = runs.reduce((sum, { first, end }) => sum + end - first, 0);
  const bytes = pages * PAGE_SIZE;
  const curl = (first: number, end: number) =>
    runFile("curl", [
      "-s",
      "-o",
      "/dev/null",
      "-r",
      `${first}-${end - 1}`,
      url,
    ]);
  const eighth = Math.ceil(bytes / 8);
  const eighths = Array.from({ length: 8 }, (_, index) => index * eighth);
  const results = await interleave([
    {
      name: "curl of as many bytes",
      measure: async () =>
        bytes / 1e6 /
        await millisecondsOf(async () => void await curl(0, bytes)),
    },
    {
      name: "8 curls, an eighth each",
      measure: async () =>
        bytes / 1e6 / await millisecondsOf(async () => {
          await Promise.all(eighths.map((it) => curl(it, it + eighth)));
        }),
    },
    {
      name: "fetch alone, 8 at once",
      measure: async () =>
        bytes / 1e6 / await millisecondsOf(async () => {
          const lanes = Array.from({ length: 8 }, (_, lane) => lane);
          await Promise.all(lanes.map(async (lane) => {
            for (let at = lane; at * PART < bytes; at += lanes.length) {
              await fetchAway(url, at * PART, Math.min((at + 1) * PART, bytes));
            }
          }));
        }),
    },
    {
      name: "load",
      goal: { of: "ratio", atLeast: 0.8 },
      measure: async () =>
        bytes / 1e6 / await millisecondsOf(async () => {
          const source = cachedSource(await openHttpSource(url));
          const snapshot = await openSnapshot(source);
          await exportImage(snapshot.block("ram"), nowhere());
        }),
    },
  ], 5);
  printResults(results, "GB/s");
  console.log(
    `  most requests under way at once: ${await mostAtOnce()} (goal ≥ 4)`,
  );
}

/** Has the runtime fetch so many bytes, and does nothing with them. */
async function fetchAway(
  url: string,
  first: number,
  end: number,
): Promise<void> {
  const headers = { range: `bytes=${first}-${end - 1}` };
  const { body } = await fetch(url, { headers });
  assert.ok(body !== null);
  for await (const _chunk of body);
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

/** 1 TiB of RAM with 4 GiB of pages that are there, anywhere; most of them holes. */
async function terabyte(scratch: ScratchDirectory, url: string): Promise<void> {
  const random = randomNumbers(11);
  const page = () => Math.floor(random() * TIB_PAGES);
  const stored = Array.from({ length: 5000 }, page);
  const path = scratch.file("terabyte");
  await saveSparseGuest(path, TIB_PAGES * PAGE_SIZE, stored);
  setRandomBits(path, 2 ** 20, page);
  const wanted = [...stored, ...Array.from({ length: 5000 }, page)];
  const before = process.memoryUsage().rss;
  const source = await openHttpSource(url);
  const cached = cachedSource(source, { maxBytes: 0x1000000 });
  const snapshot = await openSnapshot(cached);
  const block = snapshot.block("ram");
  let present = 0;
  let wrong = 0;
  let most = 0;
  const took = await millisecondsOf(async () => {
    const lanes = Array.from({ length: 16 }, (_, lane) => lane);
    await Promise.all(lanes.map(async (lane) => {
      const own = new Uint8Array(PAGE_SIZE);
      for (let at = lane; at < wanted.length; at += lanes.length) {
        if (await block.readPageInto(own, wanted[at])) present++;
        if (at < stored.length && own[0] !== 1) wrong++;
        most = Math.max(most, process.memoryUsage().rss);
      }
    }));
  });
  const { requests, bytes } = cached.statistics;
  printRows([
    [
      "1 TiB, 10,000 pages",
      "present",
      "wrong",
      "requests",
      "MB",
      "s",
      "memory",
    ],
    [
      "",
      String(present),
      String(wrong),
      String(requests),
      (bytes / 1e6).toFixed(0),
      (took / 1000).toFixed(1),
      `+${((most - before) / 1e6).toFixed(0)} MB (goal < 60)`,
    ],
  ]);
}

/** Sets bits of pages whose bytes are a hole: they read as zeros. */
function setRandomBits(path: string, count: number, page: () => number): void {
  using source = openFileSource(path);
  const { bitmapOffset } = openSnapshotSync(source).block("ram");
  const bitmap = new Uint8Array(TIB_PAGES / 8);
  source.readIntoSync(bitmap, bitmapOffset);
  for (let set = 0; set < count; set++) {
    const index = page();
    bitmap[index >> 3] |= 1 << (index & 7);
  }
  const fd = openSync(path, "r+");
  for (let done = 0; done < bitmap.length;) {
    done += writeSync(
      fd,
      bitmap,
      done,
      bitmap.length - done,
      bitmapOffset + done,
    );
  }
  closeSync(fd);
}
