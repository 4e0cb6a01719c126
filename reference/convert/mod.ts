/**
 * Memory images between formats: raw, ELF core, LiME, sequential streams, and
 * where the guest sees its RAM.
 *
 * @module
 */

export type { AddressRange } from "./address_ranges.ts";
export {
  AddressSpace,
  type AddressSpaceOptions,
  type PlacedRange,
} from "./address_space.ts";
export { type Architecture, ARCHITECTURES } from "./architecture.ts";
export { type BlockKind, blockKind } from "./block_kind.ts";
export {
  type DetectedFormat,
  detectFormat,
  type MemoryFormat,
} from "./detect_format.ts";
export { exportMemory } from "./export_memory.ts";
export { guestArchitecture } from "./guest_architecture.ts";
export { hasDeviceState } from "./has_device_state.ts";
export {
  type GuestBlocks,
  guestBlocks,
  type GuestBlocksOptions,
} from "./guest_blocks.ts";
export {
  type GuestMap,
  guestMap,
  type GuestMapOptions,
  type UnplacedBlock,
} from "./guest_map.ts";
export { GuestMapError } from "./guest_map_error.ts";
export type { GuestRange } from "./guest_range.ts";
export { imageOfRanges } from "./image_of_ranges.ts";
export { mainMemoryOf } from "./machine_ranges.ts";
export { imageOf, type MemoryBlock, type MemoryImage } from "./memory_image.ts";
export {
  convertPacked,
  type PackedToMappedOptions,
} from "./packed_to_mapped.ts";
export type { RangesOptions } from "./ranges_of.ts";
export { openElfCore } from "./read_elf_core.ts";
export { openLime } from "./read_lime.ts";
export {
  convertSequential,
  type SequentialToMappedOptions,
} from "./sequential_to_mapped.ts";
export {
  type ElfCoreOptions,
  type ElfCoreSummary,
  writeElfCore,
} from "./write_elf_core.ts";
export { type LimeSummary, writeLime } from "./write_lime.ts";
export {
  writeSequential,
  type WriteSequentialOptions,
} from "./write_sequential.ts";
