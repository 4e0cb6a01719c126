/**
 * Device state: fields by the vmdesc, and dirty bitmaps.
 *
 * @module
 */

export {
  type DeviceRecord,
  deviceStates,
  type WithDevices,
} from "./device_states.ts";
export { dirtyBitmaps, type DirtyBitmapsOptions } from "./dirty_bitmaps.ts";
export {
  type DirtyBitmapContent,
  type DroppedBitmap,
  loadDirtyBitmaps,
  type LoadedBitmaps,
} from "./load_dirty_bitmaps.ts";
