import {
  type ByteSource,
  openFileSource,
  openSnapshot,
  openSnapshotSync,
} from "../../mod.ts";
import type { ByteChannel } from "../../reference/doors/qemu.ts";
import { findLinux, type Linux } from "../proving/qemu/find_linux.ts";
import {
  type LinuxSnapshot,
  linuxSnapshot,
} from "../proving/qemu/linux_snapshots.ts";
import { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";
import {
  type PostcopyGuest,
  type PostcopyGuestOptions,
  resumeByMap,
  resumeByPostcopy,
  type ResumedGuest,
  resumeEagerly,
} from "./resumed_guest.ts";
import { resumeOverHttp } from "./resume_http.ts";
import { interleave, millisecondsOf } from "./rounds.ts";
import { printResults, printRows } from "./table.ts";

const ROUNDS = 5;

/**
 * Measures resuming stock QEMU: the time until it runs, and the cost of its
 * pages.
 */
export async function benchResume(): Promise<void> {
  const linux = await findLinux();
  if (linux === undefined) {
    console.log("resume: skipped, there is no Linux to boot");
    return;
  }
  using scratch = new ScratchDirectory();
  const small = await linuxSnapshot(linux, {
    machine: "pc",
    memory: "512M",
    usedMiB: 256,
  });
  await timeToRunning("512 MiB", small, scratch.path);
  await timeToRunning("4 GiB", await largeSnapshot(linux), scratch.path);
  await firstAnswer(small, scratch.path);
  await pageLatency(small, scratch.path, { push: false });
  await pageLatency(small, scratch.path, { push: true });
  await pushRate(small, scratch.path);
  await resumeOverHttp(small, scratch);
}

function largeSnapshot(linux: Linux): Promise<LinuxSnapshot> {
  return linuxSnapshot(linux, {
    machine: "pc",
    memory: "4G",
    usedMiB: 2048,
  });
}

async function timeToRunning(
  size: string,
  saved: LinuxSnapshot,
  directory: string,
): Promise<void> {
  console.log(`resume: ${size} of guest, half of it used`);
  const timed = async (resume: () => Promise<ResumedGuest>) => {
    await using resumed = await resume();
    return resumed.milliseconds;
  };
  const goal = { of: "value", atMost: 15 } as const;
  const results = await interleave([
    {
      name: "to running, QEMU's eager load",
      measure: () => timed(() => resumeEagerly(saved, directory)),
    },
    {
      name: "to running, by map",
      goal,
      measure: () => timed(() => resumeByMap(saved, directory)),
    },
    {
      name: "to running, by postcopy",
      goal,
      measure: () => timed(() => byPostcopy(saved, directory)),
    },
  ], ROUNDS);
  printResults(results, "ms");
}

async function byPostcopy(
  saved: LinuxSnapshot,
  directory: string,
  options: PostcopyGuestOptions = {},
): Promise<PostcopyGuest> {
  const source = openFileSource(saved.path);
  try {
    return await resumeByPostcopy(openSnapshotSync(source), saved.args, {
      push: false,
      ...options,
      directory,
    });
  } catch (error) {
    source.close();
    throw error;
  }
}

/** Measures what is read until the guest answers its first command. */
async function firstAnswer(
  saved: LinuxSnapshot,
  directory: string,
): Promise<void> {
  using file = openFileSource(saved.path);
  const counting = new CountingSource(file);
  await using resumed = await resumeByPostcopy(
    await openSnapshot(counting),
    saved.args,
    { directory, push: false },
  );
  const took = await millisecondsOf(async () => {
    await resumed.guest.run("true");
  });
  const { requestedPages } = resumed.source.statistics;
  const share = counting.bytesRead / (requestedPages * 4096);
  printRows([
    ["first answer of the guest", "ms", "pages", "bytes read", "of its pages"],
    [
      "",
      took.toFixed(0),
      String(requestedPages),
      String(counting.bytesRead),
      `${share.toFixed(2)} × (goal ≤ 1.2)`,
    ],
  ]);
}

/** Counts the bytes read from a source. */
class CountingSource implements ByteSource {
  bytesRead = 0;
  readonly name: string;
  readonly byteLength: number;
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
    this.name = source.name;
    this.byteLength = source.byteLength;
  }

  readInto(target: Uint8Array, offset: number): Promise<void> {
    this.bytesRead += target.length;
    return this.#source.readInto(target, offset);
  }
}

/**
 * Measures the time from the arrival of a request to the last byte of the page
 * written.
 */
async function pageLatency(
  saved: LinuxSnapshot,
  directory: string,
  { push }: { readonly push: boolean },
): Promise<void> {
  const times: number[] = [];
  await using resumed = await byPostcopy(saved, directory, {
    push,
    // A limit, so that pages are left for the guest to request.
    maxBandwidth: 100e6,
    wrap: (channel) => timedChannel(channel, times),
  });
  times.length = 0;
  await resumed.guest.md5();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? NaN;
  const goals = push ? ["", "goal ≤ 5000"] : ["goal ≤ 100", "goal ≤ 1000"];
  printRows([
    [
      `page served${push ? " while others are pushed" : ""}`,
      "pages",
      "p50 µs",
      "p99 µs",
    ],
    [
      "",
      String(times.length),
      `${(at(0.5) * 1000).toFixed(0)} (${goals[0]})`.replace(" ()", ""),
      `${(at(0.99) * 1000).toFixed(0)} (${goals[1]})`,
    ],
  ]);
}

/** Wraps a channel to record how long each request for a page waits. */
function timedChannel(channel: ByteChannel, times: number[]): ByteChannel {
  let arrived: number | undefined;
  return {
    name: channel.name,
    async read() {
      const bytes = await channel.read();
      arrived ??= performance.now();
      return bytes;
    },
    async write(bytes) {
      await channel.write(bytes);
      // A write of a single page answers a request.
      if (bytes.length > 5000 || arrived === undefined) return;
      times.push(performance.now() - arrived);
      arrived = undefined;
    },
    close: () => channel.close(),
  };
}

async function pushRate(
  saved: LinuxSnapshot,
  directory: string,
): Promise<void> {
  const begin = performance.now();
  await using resumed = await byPostcopy(saved, directory, { push: true });
  await resumed.served;
  const seconds = (performance.now() - begin) / 1000;
  // Includes the start of QEMU, which precedes the first page.
  const { pushedPages } = resumed.source.statistics;
  const rate = pushedPages * 4096 / 1e6 / seconds;
  printRows([
    ["pages pushed, start of QEMU included", "pages", "MB/s"],
    ["", String(pushedPages), `${rate.toFixed(0)} (goal ≥ 300)`],
  ]);
}
