import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import {
  cachedSource,
  exportImage,
  openHttpSource,
  openSnapshot,
  type PageRun,
} from "../../mod.ts";
import { PAGE_SIZE } from "./guest_memory.ts";
import { nowhere } from "./plain_sinks.ts";
import { interleave, millisecondsOf } from "./rounds.ts";
import { printResults } from "./table.ts";

const runFile = promisify(execFile);
/** Bytes of one request for many pages, as the library makes them. */
const PART = 0x1000000;

/**
 * Measures loading all pages of a RAMBlock in order, against other clients that
 * fetch the same number of bytes.
 */
export async function benchHttpLoad(
  { url, singleUrl }: {
    readonly url: string;
    /** The same file, from a server that returns one range per request. */
    readonly singleUrl: string;
  },
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
      name: "curl of the same size",
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
        bytes / 1e6 / await millisecondsOf(() => loadAway(url)),
    },
  ], 9);
  printResults(results, "GB/s");
  console.log(
    `  maximum number of concurrent requests: ${await mostAtOnce()} (goal ≥ 4)`,
  );
  const ways = { "load": url, "load, one range per request": singleUrl };
  const loads = Object.entries(ways).map(([name, from]) => ({
    name,
    measure: async () =>
      bytes / 1e6 / await millisecondsOf(() => loadAway(from)),
  }));
  printResults(await interleave(loads, 5), "GB/s");
}

/** Loads all pages of a RAMBlock and discards them. */
async function loadAway(url: string): Promise<void> {
  const source = cachedSource(await openHttpSource(url));
  const snapshot = await openSnapshot(source);
  await exportImage(snapshot.block("ram"), nowhere());
}

/** Fetches a range with the runtime's fetch() and discards it. */
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
