import type { SealPool } from "./seal_pool.ts";

/**
 * Starts the threads that {@linkcode sealSource} will need for `byteLength`
 * bytes of data: they load while the caller opens the file. Undefined if it
 * needs none.
 *
 * @throws {SourceError} if the runtime has no threads
 */
export async function startSealPool(
  byteLength: number,
  jobs: number,
): Promise<SealPool | undefined> {
  if (jobs < 2) return undefined;
  const { laneCount } = await import("../lanes/mod.ts");
  const lanes = laneCount(byteLength, jobs);
  if (lanes < 2) return undefined;
  const { sealPool } = await import("./seal_pool.ts");
  return sealPool(lanes - 1);
}
