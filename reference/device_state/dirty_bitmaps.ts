import type { ByteRange } from "../../format/bytes/mod.ts";
import {
  type DirtyBitmap,
  readDirtyBitmaps,
} from "../../format/dirty_bitmaps/mod.ts";
import type { DeviceState } from "../../format/snapshot/mod.ts";
import type { Report } from "../../format/stream/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import { drive, type ReadOptions } from "../sources/mod.ts";

/** Options of reading dirty bitmaps. */
export interface DirtyBitmapsOptions extends ReadOptions {
  /**
   * Called with each run of dirty bytes of a disk, in order for each bitmap;
   * adjacent runs are merged. There may be very many.
   */
  readonly onDirty?:
    | ((bitmap: DirtyBitmap, range: ByteRange) => void)
    | undefined;
  /** The items after the RAM, if already walked over. */
  readonly deviceState?: DeviceState | undefined;
  /** Called for violations of rules for writers. Default: ignored. */
  readonly report?: Report | undefined;
}

/**
 * Reads the dirty bitmaps of block devices in a snapshot: which parts of each
 * disk were written to since its last backup.
 *
 * @throws {FormatError} if they break a rule
 *
 * @example
 * ```ts
 * import { type Snapshot } from "../../mod.ts";
 * import { dirtyBitmaps } from "../doors/convert.ts";
 *
 * async function dirtyBytes(snapshot: Snapshot): Promise<number> {
 *   const bitmaps = await dirtyBitmaps(snapshot);
 *   return bitmaps.reduce((sum, it) => sum + it.dirtyBytes, 0);
 * }
 * ```
 */
export async function dirtyBitmaps(
  snapshot: Snapshot,
  options: DirtyBitmapsOptions = {},
): Promise<DirtyBitmap[]> {
  const { source, index } = snapshot;
  const { onDirty, report, deviceState, ...read } = options;
  const afterRam = deviceState ?? await snapshot.deviceState(read);
  const items = [...index.earlyDirtyBitmaps, ...afterRam.dirtyBitmaps];
  const walk = readDirtyBitmaps(source, items, { onDirty, report });
  return await drive(walk, source, read);
}
