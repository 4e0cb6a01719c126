import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createFileSink,
  DirtyPages,
  type LiveRound,
  type LiveSummary,
  memorySource,
  openFileSource,
  openSnapshotSync,
  saveLive,
  verifySnapshot,
} from "../mod.ts";
import { formatBytes } from "./format_bytes.ts";
import { countOf, formatCount } from "./format_count.ts";
import { formatTime } from "./format_time.ts";
import { GUEST, type LiveGuestWork } from "./live_guest_work.ts";
import { print, printJson } from "./output.ts";
import { allocatedBytes } from "./output_file.ts";
import { tryFile } from "./system_error.ts";
import { formatTable } from "./table.ts";
import { paint } from "./terminal.ts";

const MEMORY_LENGTH = 0x10000000;
const PAGE_SIZE = 4096;

/** How the live demonstration is made and shown. */
export interface LiveDemonstrationOptions {
  /** Whether the file stays. */
  readonly keep: boolean;
  /** Whether to print JSON. */
  readonly json: boolean;
  /** Threads that save. */
  readonly jobs: number;
  /** Bytes of RAM a second that the guest writes to. */
  readonly dirtyRate: number;
  /** Milliseconds that it may stand. */
  readonly downtimeLimit: number;
  /** Stops it. */
  readonly signal: AbortSignal;
}

/**
 * Saves the memory of a guest that keeps writing to it, in rounds, and compares
 * the file with the memory of the stopped guest. The number is the exit code.
 */
export async function demonstrateLive(
  options: LiveDemonstrationOptions,
): Promise<number> {
  const temporary = tmpdir();
  const folder = tryFile(
    "write to",
    temporary,
    () => mkdtempSync(join(temporary, "mapped-ram-")),
  );
  const file = join(folder, "live.mr");
  const { keep, json } = options;
  let done = false;
  try {
    const { summary, memory, writes } = await saveGuest(file, options);
    using source = openFileSource(file);
    const ram = openSnapshotSync(source).block("ram");
    const saved = ram.readRangeSync({ offset: 0, length: memory.length });
    const isEqual = Buffer.compare(saved, memory) === 0;
    const { good } = await verifySnapshot(source);
    done = true;
    const shown = keep ? file : undefined;
    if (json) {
      printJson({ ...summary, writes, equal: isEqual, good, file: shown });
    } else {
      printLive(summary, options);
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

async function saveGuest(
  file: string,
  options: LiveDemonstrationOptions,
): Promise<{
  readonly summary: LiveSummary;
  readonly memory: Uint8Array;
  readonly writes: number;
}> {
  const { jobs, dirtyRate: rate, downtimeLimit, signal } = options;
  const memory = new Uint8Array(new SharedArrayBuffer(MEMORY_LENGTH));
  for (let at = 0; at < memory.length; at += 3 * PAGE_SIZE) {
    memory.fill(1 + at / PAGE_SIZE % 255, at, at + 2 * PAGE_SIZE);
  }
  const dirty = new DirtyPages(memory.length / PAGE_SIZE);
  const control = new Int32Array(new SharedArrayBuffer(4 * GUEST.length));
  const url = new URL("./live_guest.ts", import.meta.url);
  const guest = new Worker(url, { type: "module" });
  try {
    const stopped = new Promise<void>((resolve, reject) => {
      guest.onmessage = () => resolve();
      guest.onerror = (event) => reject(new Error(event.message));
    });
    stopped.catch(() => {}); // Told when the guest is to be stopped.
    const work: LiveGuestWork = {
      memory,
      dirty: dirty.shared,
      control,
      pageSize: PAGE_SIZE,
      rate,
    };
    guest.postMessage(work);
    const summary = await saveLive(createFileSink(file), [{
      idstr: "ram",
      source: memorySource(memory),
      takeDirty: () => dirty.take(),
    }], {
      jobs,
      downtimeLimit,
      signal,
      stop() {
        Atomics.store(control, GUEST.stop, 1);
        Atomics.notify(control, GUEST.stop);
        return stopped;
      },
    });
    return { summary, memory, writes: control[GUEST.writes] };
  } finally {
    guest.terminate();
  }
}

function printLive(
  { rounds, downtime, blocks }: LiveSummary,
  { dirtyRate, downtimeLimit }: LiveDemonstrationOptions,
): void {
  print(
    `A guest of ${formatBytes(MEMORY_LENGTH)} that writes to ` +
      `${formatBytes(dirtyRate)} of pages a second is saved in rounds`,
  );
  print(
    `until what is left can be saved in ${formatTime(downtimeLimit)}: ` +
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
    round.stopped ? "the guest stands" : "",
  ];
}
