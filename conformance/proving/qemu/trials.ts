import type { Trial } from "./try_vector.ts";

/** What a version of QEMU does with the vectors. */
export interface Trials {
  /** The version, as "10.0.2". */
  readonly version: string;
  readonly trials: readonly Trial[];
}

/** Where the results are kept. */
export const TRIALS = new URL("trials-10.0.2.json", import.meta.url);
