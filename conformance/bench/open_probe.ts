/**
 * Opens the snapshot named by the first argument, in a separate process, and
 * prints the cost as JSON. Without a path it only starts.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import type { SyncByteSource } from "../../mod.ts";

/** The cost of opening. */
export interface OpenFigures {
  /** Number of reads of the file, and their bytes. */
  readonly reads: number;
  readonly readBytes: number;
  /** Time of the first opening, including compilation. */
  readonly firstMilliseconds: number;
  /** Median time of further openings. */
  readonly againMilliseconds: number;
  /** Reads and time of reading the last page of RAM afterwards. */
  readonly pageReads: number;
  readonly pageMilliseconds: number;
}

/** The output of a probe. */
export interface ProbeOutput {
  readonly peakMemory: number;
  readonly figures?: OpenFigures;
}

const AGAIN = 101;

async function openAndRead(path: string): Promise<OpenFigures> {
  const { openFileSource, openSnapshotSync } = await import("../../mod.ts");
  let reads = 0;
  let readBytes = 0;
  using file = openFileSource(path);
  const source: SyncByteSource = {
    name: file.name,
    byteLength: file.byteLength,
    readInto: (target, offset) => file.readInto(target, offset),
    readIntoSync(target, offset) {
      reads++;
      readBytes += target.length;
      file.readIntoSync(target, offset);
    },
  };

  let start = performance.now();
  const ram = openSnapshotSync(source).block("ram");
  const firstMilliseconds = performance.now() - start;
  const opened = { reads, readBytes, firstMilliseconds };

  start = performance.now();
  ram.readPageSync(ram.pageCount - 1);
  const pageMilliseconds = performance.now() - start;
  const pageReads = reads - opened.reads;

  const times = Array.from({ length: AGAIN }, () => {
    const start = performance.now();
    openSnapshotSync(source);
    return performance.now() - start;
  });
  const againMilliseconds = times.toSorted((a, b) => a - b)[AGAIN >> 1] ?? NaN;
  return { ...opened, againMilliseconds, pageReads, pageMilliseconds };
}

/** Returns the peak memory of this process in bytes. */
function peakMemory(): number {
  try {
    // The peak that getrusage(2) returns includes the memory of the parent.
    const status = readFileSync("/proc/self/status", "latin1");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  } catch {
    return process.memoryUsage().rss; // Without /proc: not the peak.
  }
}

if (import.meta.main) {
  const path = process.argv[2];
  const figures = path === undefined
    ? {}
    : { figures: await openAndRead(path) };
  console.log(JSON.stringify({ peakMemory: peakMemory(), ...figures }));
}
