import type { PageRun } from "../bitmap/page_run.ts";

/** A RAMBlock as a profile lists it. */
export interface ProfileBlock {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
  /** Size of a page in bytes. */
  readonly pageSize: number;
}

/** Pages of one RAMBlock that were asked for one after the other. */
export interface ProfileRun extends PageRun {
  /** The block that they are of. */
  readonly idstr: string;
}

/** Which pages of a snapshot were asked for, in the order of the first time. */
export interface WorkingSetProfile {
  /** Identity of the snapshot, as `snapshotIdentity` gives it. */
  readonly snapshot: string;
  /** All RAMBlocks of the snapshot, in the order of its file. */
  readonly blocks: readonly ProfileBlock[];
  /** The pages, none of them twice. */
  readonly runs: readonly ProfileRun[];
}
