import { Buffer } from "node:buffer";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openFileSource } from "../../local/mod.ts";
import { openSnapshotSync, verifySnapshot } from "../../reading/mod.ts";
import {
  type LiveRound,
  type LiveSummary,
  saveLive,
} from "../../saving/mod.ts";
import { makeTemporaryFolder } from "../../scratch/mod.ts";
import { createFileSink } from "../../sinks/mod.ts";
import type { SyncByteSource } from "../../sources/mod.ts";
import { allocatedBytes } from "../output/file_stat.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf, formatCount } from "../output/format_count.ts";
import { formatTime } from "../output/format_time.ts";
import { print, printJson } from "../output/output.ts";
import { formatTable } from "../output/table.ts";
import { paint } from "../output/terminal.ts";
import { tryFile } from "../program/try_file.ts";
import { explainDowntime } from "./explain_downtime.ts";
import { LiveGuestProcess } from "./live_guest_process.ts";
import { GUEST_PAGE_SIZE } from "./live_guest_words.ts";

const MEMORY_LENGTH = 0x10000000;
/** Maximum rounds, in case the guest writes faster than the disk. */
const ROUNDS_MAX = 50;

/** Options of the live demonstration. */
export interface LiveDemonstrationOptions {
  /** Whether to keep the file. */
  readonly keep: boolean;
  /** Whether to print JSON. */
  readonly json: boolean;
  /** Threads that save. */
  readonly jobs: number;
  /** Bytes of RAM per second that the guest writes to. */
  readonly dirtyRate: number;
  /** Milliseconds for which the guest may be stopped. */
  readonly downtimeLimit: number;
  /** Stops the demonstration. */
  readonly signal: AbortSignal;
}

/**
 * Saves the memory of a process that keeps writing to it, in rounds, and
 * compares the file with the memory of the stopped process. Returns the exit
 * code.
 */
export async function demonstrateLive(
  options: LiveDemonstrationOptions,
): Promise<number> {
  const { keep, json } = options;
  const folder = makeTemporaryFolder({ keep });
  const file = join(folder, "live.mr");
  const image = join(folder, "memory");
  let done = false;
  try {
    const saved = await saveGuest({ image, file }, options);
    const { summary, writes } = saved;
    using source = openFileSource(file);
    const ram = openSnapshotSync(source).block("ram");
    using memory = openFileSource(image);
    const isEqual = isSame(ram, memory);
    if (keep) rmSync(image);
    const { good } = await verifySnapshot(source);
    done = true;
    const shown = keep ? file : undefined;
    if (json) {
      printJson({ ...summary, writes, equal: isEqual, good, file: shown });
    } else {
      printLive(saved, options);
      print(
        `${
          paint(isEqual ? "green" : "red", isEqual ? "equal" : "DIFFERENT")
        }: ` +
          `the guest wrote to ${countOf(writes, "page")} meanwhile; the file ` +
          `is ${formatBytes(summary.byteLength)} long as from the start, ` +
          `${formatBytes(allocatedBytes(file) ?? 0)} on disk`,
      );
      if (keep) print(`kept ${file}`);
    }
    return isEqual && good ? 0 : 1;
  } finally {
    if (!keep || !done) rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether a RAMBlock and an image hold the same bytes. */
function isSame(ram: SyncByteSource, image: SyncByteSource): boolean {
  const length = 0x100000;
  const one = new Uint8Array(length);
  const other = new Uint8Array(length);
  for (let offset = 0; offset < MEMORY_LENGTH; offset += length) {
    ram.readIntoSync(one, offset);
    image.readIntoSync(other, offset);
    if (Buffer.compare(one, other) !== 0) return false;
  }
  return ram.byteLength === image.byteLength;
}

/** The result of saving the guest. */
interface LiveSave {
  readonly summary: LiveSummary;
  /** Number of pages that the guest wrote. */
  readonly writes: number;
  /** Milliseconds that the save took, without starting the guest. */
  readonly milliseconds: number;
}

async function saveGuest(
  { image, file }: { readonly image: string; readonly file: string },
  options: LiveDemonstrationOptions,
): Promise<LiveSave> {
  const { jobs, dirtyRate: rate, downtimeLimit, signal } = options;
  writeMemory(image);
  using guest = await LiveGuestProcess.start(image, {
    byteLength: MEMORY_LENGTH,
    rate,
  });
  using source = openFileSource(image, { inUse: true });
  const started = performance.now();
  const summary = await saveLive(createFileSink(file), [{
    idstr: "ram",
    source,
    takeDirty: () => guest.dirty.take(),
  }], {
    jobs,
    downtimeLimit,
    signal,
    maxRounds: ROUNDS_MAX,
    stop: () => guest.stop(),
  });
  const milliseconds = performance.now() - started;
  return { summary, writes: guest.writes, milliseconds };
}

/** Writes the initial memory of the guest: two of three pages are not zero. */
function writeMemory(image: string): void {
  const piece = new Uint8Array(0x300000);
  for (let at = 0; at < piece.length; at += 3 * GUEST_PAGE_SIZE) {
    piece.fill(1 + at / GUEST_PAGE_SIZE % 255, at, at + 2 * GUEST_PAGE_SIZE);
  }
  tryFile("write to", image, () => {
    const fd = openSync(image, "wx", 0o600);
    try {
      for (let at = 0; at < MEMORY_LENGTH; at += piece.length) {
        const length = Math.min(piece.length, MEMORY_LENGTH - at);
        for (let done = 0; done < length;) {
          done += writeSync(fd, piece, done, length - done, at + done);
        }
      }
    } finally {
      closeSync(fd);
    }
  });
}

function printLive(
  { summary: { rounds, downtime, blocks }, milliseconds }: LiveSave,
  { dirtyRate, downtimeLimit }: LiveDemonstrationOptions,
): void {
  print(
    `A guest of ${formatBytes(MEMORY_LENGTH)} that writes to ` +
      `${formatBytes(dirtyRate)} of pages a second is saved in rounds`,
  );
  print(
    `until the rest can be saved in ${formatTime(downtimeLimit)}: ` +
      "dirty ≤ bandwidth × downtime limit.",
  );
  const header = [
    { title: "round" },
    { title: "pages", right: true },
    { title: "time", right: true },
    { title: "bandwidth", right: true },
    { title: "dirty since", right: true },
    { title: "dirty rate", right: true },
    { title: "" },
  ];
  for (const line of formatTable(header, rounds.map(rowOf))) print(line);
  const stored = blocks.reduce((sum, it) => sum + it.presentCount, 0);
  print(
    `stopped for ${formatTime(downtime)}; ${formatCount(stored)} pages stored`,
  );
  for (const line of explainDowntime({ rounds, downtime }, downtimeLimit)) {
    print(line);
  }
  const busy = rounds.reduce((sum, it) => sum + it.milliseconds, 0);
  print(
    `The save took ${formatTime(milliseconds)}: ${formatTime(busy)} for the ` +
      "rounds, the rest to stop the guest and to flush the file to the disk.",
  );
}

function rowOf(round: LiveRound): string[] {
  return [
    `${round.number}`,
    formatCount(round.pages),
    formatTime(round.milliseconds),
    `${formatBytes(Math.round(round.bytesPerSecond))}/s`,
    round.stopped ? "" : formatBytes(round.dirtyBytes),
    round.stopped
      ? ""
      : `${formatBytes(Math.round(round.dirtyBytesPerSecond))}/s`,
    round.stopped ? "guest stopped" : "",
  ];
}
