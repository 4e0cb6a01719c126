/**
 * Memory images between formats: raw, ELF core, LiME, sequential streams, and
 * where the guest sees its RAM.
 *
 * @module
 */

export type { AddressRange } from "./address_ranges.ts";
export type { AddressSpaceOptions, PlacedRange } from "./address_space.ts";
export { AddressSpace } from "./address_space.ts";
export type { Architecture } from "./architecture.ts";
export { architectureNamed, ARCHITECTURES } from "./architecture.ts";
export type { BlockKind } from "./block_kind.ts";
export { blockKind } from "./block_kind.ts";
export type { DetectedFormat, MemoryFormat } from "./detect_format.ts";
export { detectFormat } from "./detect_format.ts";
export { exportMemory } from "./export_memory.ts";
export { guestArchitecture } from "./guest_architecture.ts";
export type { GuestBlocks, GuestBlocksOptions } from "./guest_blocks.ts";
export { guestBlocks } from "./guest_blocks.ts";
export type { GuestMap, GuestMapOptions, UnplacedBlock } from "./guest_map.ts";
export { guestMap } from "./guest_map.ts";
export { GuestMapError } from "./guest_map_error.ts";
export type { GuestRange } from "./guest_range.ts";
export { imageOfRanges } from "./image_of_ranges.ts";
export type { KnownFile } from "./known_file.ts";
export { knownFile } from "./known_file.ts";
export { mainMemoryOf } from "./machine_ranges.ts";
export type { MemoryBlock, MemoryImage } from "./memory_image.ts";
export { imageOf } from "./memory_image.ts";
export { convertPacked } from "./packed_to_mapped.ts";
export type { RangesOptions } from "./ranges_of.ts";
export { openElfCore } from "./read_elf_core.ts";
export { openLime } from "./read_lime.ts";
export type { SequentialToMappedOptions } from "./sequential_to_mapped.ts";
export { convertSequential } from "./sequential_to_mapped.ts";
export type { ElfCoreOptions, ElfCoreSummary } from "./write_elf_core.ts";
export { writeElfCore } from "./write_elf_core.ts";
export type { LimeSummary } from "./write_lime.ts";
export { writeLime } from "./write_lime.ts";
export type { WriteSequentialOptions } from "./write_sequential.ts";
export { writeSequential } from "./write_sequential.ts";
