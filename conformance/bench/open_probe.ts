/**
 * Opens the snapshot named by the first argument, in a process of its own, and
 * prints what it took as JSON. Without a path it does nothing but start.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import type { SyncByteSource } from "../../mod.ts";

/** What opening took. */
export interface OpenFigures {
  /** Requests to the file, and their bytes. */
  readonly reads: number;
  readonly readBytes: number;
  /** Opening for the first time, with everything still to be compiled. */
  readonly firstMilliseconds: number;
  /** Opening once more, as the middle of many times. */
  readonly againMilliseconds: number;
  /** Reading the last page of RAM after that, in requests and time. */
  readonly pageReads: number;
  readonly pageMilliseconds: number;
}

/** What a probe prints. */
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

/** Most bytes of memory that this process ever had. */
function peakMemory(): number {
  try {
    // What getrusage(2) says starts with the memory of the parent.
    const status = readFileSync("/proc/self/status", "latin1");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  } catch {
    return process.memoryUsage().rss; // There is no /proc: at least of now.
  }
}

if (import.meta.main) {
  const path = process.argv[2];
  const figures = path === undefined
    ? {}
    : { figures: await openAndRead(path) };
  console.log(JSON.stringify({ peakMemory: peakMemory(), ...figures }));
}
