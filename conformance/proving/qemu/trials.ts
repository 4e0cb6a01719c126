import type { Trial } from "./load_outcome.ts";

/** The results of a version of QEMU with the vectors. */
export interface Trials {
  /** The version, for example "10.0.2". */
  readonly version: string;
  readonly trials: readonly Trial[];
}

/** The version of QEMU whose results are kept. */
export const TRIED_VERSION = "10.0.2";

/** The file with the results. */
export const TRIALS = new URL(`trials-${TRIED_VERSION}.json`, import.meta.url);
