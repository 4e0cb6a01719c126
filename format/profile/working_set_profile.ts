import type { BlockRun } from "../bitmap/page_run.ts";

/** A RAMBlock as a profile lists it. */
export interface ProfileBlock {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
  /** Size of a page in bytes. */
  readonly pageSize: number;
}

/**
 * The pages of a snapshot that were requested, in the order of the first
 * request.
 */
export interface WorkingSetProfile {
  /** Identity of the snapshot, as returned by `snapshotIdentity`. */
  readonly snapshot: string;
  /**
   * The digest of the file that it was recorded of, if that was checked:
   * `sha256:…` (SPEC 14.2).
   */
  readonly digest?: string | undefined;
  /** All RAMBlocks of the snapshot, in the order of its file. */
  readonly blocks: readonly ProfileBlock[];
  /** The pages, each at most once. */
  readonly runs: readonly BlockRun[];
}
