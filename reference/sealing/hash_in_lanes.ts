import { HASH_LENGTH, VERITY_BLOCK } from "../../format/verity/mod.ts";
import { backingOf } from "../sources/mod.ts";
import { CHUNK, entryUrl, Pace } from "../work/mod.ts";
import { isSparse, laneCount, LanePool, stopLanes } from "../lanes/mod.ts";
import type { DataUnit } from "../hashing/mod.ts";
import type { HashJob, HashUnits } from "./hash_here.ts";
import { sealSteps, WANTED_LENGTH } from "./seal_lane.ts";
import type { SealOptions } from "./seal_options.ts";
import { SEAL_CONTROL, type SealTask } from "./seal_task.ts";

/**
 * Starts threads that hash units; returns undefined if they cannot read the
 * source or write to the sink, or if there is too little to do for them.
 */
export function hashInLanes(
  job: HashJob & SealOptions,
  work: number,
): HashUnits | undefined {
  const { source, sink, dataRanges, jobs = 1, signal, report } = job;
  const lanes = laneCount(work, jobs);
  const to = sink && backingOf(sink);
  if (lanes < 2 || to?.kind === "memory") return undefined;
  if (sink !== undefined && to === undefined) return undefined;
  const from = backingOf(source);
  if (from === undefined || from.isPart) return undefined;
  const shared = {
    from,
    // If data ranges are given, no holes are read.
    isSparse: dataRanges === undefined && from.kind === "file" &&
      isSparse(from),
    dataLength: source.byteLength,
    to,
  };
  const url = entryUrl("./seal_worker.ts", import.meta.url);
  // The calling thread is a lane, too: it works while the others start.
  const pool = new LanePool<SealTask>(url, lanes - 1);
  const pace = new Pace(signal);
  return {
    async run(units): Promise<Uint8Array> {
      const task = { ...shared, ...listOf(units) };
      const { control } = task;
      const { done, zero } = report;
      const tell = () => {
        const chunks = Atomics.load(control, SEAL_CONTROL.chunks);
        const zeros = Atomics.load(control, SEAL_CONTROL.zeroBlocks);
        report.done = Math.min(source.byteLength, done + chunks * CHUNK);
        report.zero = zero + zeros * VERITY_BLOCK;
        report.tell();
      };
      const results = await Promise.allSettled([
        pool.run(task, { signal, onPoll: tell }),
        hashBeside(task, pace),
      ]);
      for (const it of results) {
        if (it.status === "rejected") throw it.reason;
      }
      tell();
      return task.hashes;
    },
    [Symbol.dispose]: () => pool[Symbol.dispose](),
  };
}

/** Hashes on the calling thread; a failure stops the other lanes. */
async function hashBeside(task: SealTask, pace: Pace): Promise<void> {
  try {
    for (const _ of sealSteps(task)) await pace.step();
  } catch (error) {
    stopLanes(task.control);
    throw error;
  }
}

/** Returns units in shared memory. */
function listOf(
  units: readonly DataUnit[],
): Pick<SealTask, "units" | "wanted" | "hashes" | "control"> {
  const count = units.length;
  const bits = new Uint8Array(new SharedArrayBuffer(count * WANTED_LENGTH));
  for (const [index, { wanted }] of units.entries()) {
    bits.set(wanted.bytes, index * WANTED_LENGTH);
  }
  return {
    units: Uint32Array.from(units, ({ unit }) => unit),
    wanted: bits,
    hashes: new Uint8Array(new SharedArrayBuffer(count * HASH_LENGTH)),
    control: new Int32Array(new SharedArrayBuffer(4 * SEAL_CONTROL.length)),
  };
}
