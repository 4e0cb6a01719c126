import type { Trial } from "./load_outcome.ts";

/** The results of a version of QEMU with the vectors. */
export interface Trials {
  /** The version, for example "10.0.2". */
  readonly version: string;
  readonly trials: readonly Trial[];
}

/** The file with the results. */
export const TRIALS = new URL("trials-10.0.2.json", import.meta.url);
