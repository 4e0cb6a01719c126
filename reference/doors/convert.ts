/**
 * Other formats (sequential migration streams, libvirt save images, ELF cores,
 * LiME, qcow2 images), the parts of a snapshot besides RAM (device state, dirty
 * bitmaps), what differs between two snapshots, and the repair of background
 * snapshots. Import `mapped-ram` for reading and saving.
 *
 * @module
 */

export type { DirtyBitmap } from "../../format/dirty_bitmaps/mod.ts";
export type { LibvirtFormat } from "../../format/libvirt/mod.ts";
export type {
  Qcow2Backing,
  Qcow2Extent,
  Qcow2Header,
} from "../../format/qcow2/mod.ts";
export type {
  RamRecord,
  RamRecordKind,
  SequentialEnd,
  SequentialHead,
  StreamBlock,
} from "../../format/sequential/mod.ts";
export type { SectionPart } from "../../format/stream/mod.ts";
export type {
  DeviceField,
  DeviceStruct,
  FieldValue,
} from "../../format/vmdesc/mod.ts";
export {
  type AddressRange,
  AddressSpace,
  type AddressSpaceOptions,
  type Architecture,
  type BlockKind,
  convertPacked,
  convertSequential,
  type DetectedFormat,
  detectFormat,
  type ElfCoreOptions,
  type ElfCoreSummary,
  exportMemory,
  guestArchitecture,
  type GuestBlocks,
  guestBlocks,
  type GuestBlocksOptions,
  type GuestMap,
  guestMap,
  GuestMapError,
  type GuestMapOptions,
  type GuestRange,
  imageOf,
  imageOfRanges,
  type LimeSummary,
  type MemoryBlock,
  type MemoryFormat,
  type MemoryImage,
  openElfCore,
  openLime,
  type PackedToMappedOptions,
  type PlacedRange,
  type RangesOptions,
  type SequentialToMappedOptions,
  type UnplacedBlock,
  writeElfCore,
  writeLime,
  writeSequential,
  type WriteSequentialOptions,
} from "../convert/mod.ts";
export {
  type BlockDiff,
  type ConfigurationDifference,
  type ConfigurationProperty,
  type ConfigurationValue,
  type DiffOptions,
  diffSnapshots,
  type DiffSummary,
  type FieldDifference,
  type PageChange,
  type PagesDifference,
  type SectionDifference,
  type SharedExtents,
  type SnapshotDifference,
} from "../comparing/mod.ts";
export { type KnownFile, knownFile } from "../inputs/mod.ts";
export {
  type OpenedPlace,
  openPlace,
  type Place,
  type PlaceVerity,
  type Transfer,
} from "../opening/mod.ts";
export {
  type DeviceRecord,
  deviceStates,
  type DirtyBitmapContent,
  dirtyBitmaps,
  type DirtyBitmapsOptions,
  type DroppedBitmap,
  loadDirtyBitmaps,
  type LoadedBitmaps,
  type WithDevices,
} from "../device_state/mod.ts";
export {
  type LibvirtTexts,
  readLibvirtHeader,
  readLibvirtTexts,
  unpackLibvirt,
  unpackLibvirtTo,
  type UnpackSummary,
} from "../libvirt/mod.ts";
export {
  type Address,
  type BackingFilesOptions,
  type OpenBacking,
  openBackingFiles,
  openBackingFilesSync,
  type OpenBackingSync,
  openQcow2,
  openQcow2Sync,
  type Qcow2Options,
  type Qcow2Source,
  type SyncQcow2Options,
  type SyncQcow2Source,
  type UnpackCluster,
  type UnpackClusterSync,
} from "../qcow2/mod.ts";
export {
  type PackBacking,
  type PackOptions,
  packQcow2,
  type PackSummary,
  snapshotLength,
  snapshotRanges,
  type SnapshotRangesOptions,
  type UnpackOptions,
  unpackQcow2,
} from "../packing/mod.ts";
export {
  type RepairOptions,
  repairSnapshot,
  type RepairSummary,
  saveRepaired,
} from "../repairing/mod.ts";
export {
  openSequential,
  type OpenSequentialOptions,
  SequentialBlock,
  type SequentialReadOptions,
  SequentialSnapshot,
} from "../sequential/mod.ts";
