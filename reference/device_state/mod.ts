/**
 * The state of devices: fields by the vmdesc, and dirty bitmaps.
 *
 * @module
 */

export type { DeviceRecord, WithDevices } from "./device_states.ts";
export { deviceStates } from "./device_states.ts";
export type { DirtyBitmapsOptions } from "./dirty_bitmaps.ts";
export { dirtyBitmaps } from "./dirty_bitmaps.ts";
export type {
  DirtyBitmapContent,
  DroppedBitmap,
  LoadedBitmaps,
} from "./load_dirty_bitmaps.ts";
export { loadDirtyBitmaps } from "./load_dirty_bitmaps.ts";
