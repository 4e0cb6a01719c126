import type { BlockRun } from "../../format/bitmap/mod.ts";
import {
  type ProfileBlock,
  ProfileMatchError,
  type WorkingSetProfile,
} from "../../format/profile/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { differingBlock } from "./merge_profiles.ts";
import { snapshotIdentity } from "./snapshot_identity.ts";

/** Options of checking a profile against a snapshot. */
export interface ProfileRunsOptions extends ReadOptions {
  /** Identity of the snapshot, if known. Default: computed. */
  readonly identity?: string | undefined;
}

/**
 * Returns the runs of a profile, after checking that it is of that snapshot; if
 * both the profile and the source have a digest, by that, too.
 * All pages of the runs exist in the snapshot; its file may not hold them all.
 *
 * @throws {RangeError} if the profile is of another snapshot
 * @throws {SourceError} if the snapshot cannot be read
 *
 * @example Fetch the pages that a guest will need in advance
 * ```ts
 * import { openSnapshot } from "../../mod.ts";
 * import { profileRuns, readProfile } from "../doors/qemu.ts";
 * import type { ByteSource } from "../../mod.ts";
 *
 * async function warm(source: ByteSource, text: string): Promise<void> {
 *   const snapshot = await openSnapshot(source);
 *   const runs = await profileRuns(readProfile(text), snapshot);
 *   for (const { idstr, first, end } of runs) {
 *     for (let page = first; page < end; page++) {
 *       await snapshot.block(idstr).readPage(page);
 *     }
 *   }
 * }
 * ```
 */
export async function profileRuns(
  profile: WorkingSetProfile,
  snapshot: Snapshot,
  options: ProfileRunsOptions = {},
): Promise<readonly BlockRun[]> {
  const identity = options.identity ??
    await snapshotIdentity(snapshot, options);
  const name = JSON.stringify(snapshot.source.name);
  if (profile.snapshot !== identity) {
    throw new ProfileMatchError(
      `Cannot use the profile for ${name}: it is of snapshot ` +
        `${profile.snapshot}, expected ${identity}`,
    );
  }
  const { digest = profile.digest } = snapshot.source;
  if (profile.digest !== undefined && profile.digest !== digest) {
    throw new ProfileMatchError(
      `Cannot use the profile for ${name}: it is of the digest ` +
        `${profile.digest}, expected ${digest}`,
    );
  }
  const at = differingBlock(profile.blocks, snapshot.blocks);
  if (at !== undefined) {
    throw new ProfileMatchError(
      `Cannot use the profile for ${name}: its RAMBlock ${at} is ` +
        `${describe(profile.blocks[at])}, expected ` +
        describe(snapshot.blocks[at]),
    );
  }
  return profile.runs;
}

function describe(
  block: ProfileBlock | undefined,
): string {
  return block === undefined
    ? "missing"
    : `"${block.idstr}" of ${block.usedLength} bytes`;
}
