import { HASH_LENGTH, VERITY_BLOCK } from "../../format/verity/mod.ts";
import { backingOf } from "../sources/mod.ts";
import { CHUNK } from "../work/mod.ts";
import { isSparse, laneCount } from "../lanes/mod.ts";
import type { DataUnit } from "../hashing/mod.ts";
import type { HashJob, HashUnits } from "./hash_here.ts";
import { sealSteps, WANTED_LENGTH } from "./seal_lane.ts";
import type { SealJob } from "./seal_options.ts";
import { sealPool } from "./seal_pool.ts";
import { SEAL_CONTROL, type SealTask } from "./seal_task.ts";

/**
 * Starts threads that hash units; returns undefined if they cannot read the
 * source or write to the sink, or if there is too little to do for them.
 */
export function hashInLanes(
  job: HashJob & SealJob,
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
  // The calling thread is a lane, too: it works while the others start.
  const pool = job.pool ?? sealPool(lanes - 1);
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
      await pool.run(task, { signal, onPoll: tell, steps: sealSteps(task) });
      return task.hashes;
    },
    [Symbol.dispose]: () => pool[Symbol.dispose](),
  };
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
