import type { DeviceState } from "../../format/snapshot/mod.ts";
import { imageOf, type MemoryImage } from "../convert/mod.ts";
import type { Snapshot } from "../reading/mod.ts";

/** What the comparison of devices needs of a snapshot. */
export type DescribedSnapshot = Pick<
  Snapshot,
  "source" | "index" | "deviceState"
>;

/** Returns the same snapshot, which walks over what follows the RAM once. */
export function describedOnce(snapshot: Snapshot): DescribedSnapshot {
  const { source, index } = snapshot;
  let state: Promise<DeviceState> | undefined;
  return {
    source,
    index,
    deviceState: (options) => state ??= snapshot.deviceState(options),
  };
}

/** Returns the memory of a snapshot, with the devices that were described. */
export function describedImage(
  snapshot: Snapshot,
  { source, index, deviceState }: DescribedSnapshot,
): MemoryImage {
  const devices = { source, early: index.earlySections, state: deviceState };
  return { ...imageOf(snapshot), devices };
}
