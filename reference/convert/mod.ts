/**
 * Memory images between formats: raw, ELF core, LiME, sequential streams, and
 * where the guest sees its RAM.
 *
 * @module
 */

export type { PlacedRange } from "./address_space.ts";
export { AddressSpace } from "./address_space.ts";
export type { DetectedFormat, MemoryFormat } from "./detect_format.ts";
export { detectFormat } from "./detect_format.ts";
export { exportMemory } from "./export_memory.ts";
export type { GuestBlocksOptions } from "./guest_blocks.ts";
export { guestBlocks } from "./guest_blocks.ts";
export type { GuestMapOptions, GuestRange } from "./guest_map.ts";
export { guestMap, GuestMapError } from "./guest_map.ts";
export { imageOfRanges } from "./image_of_ranges.ts";
export type { MemoryBlock, MemoryImage } from "./memory_image.ts";
export { imageOf } from "./memory_image.ts";
export { convertPacked } from "./packed_to_mapped.ts";
export type { RangesOptions } from "./ranges_of.ts";
export { openElfCore } from "./read_elf_core.ts";
export { openLime } from "./read_lime.ts";
export type { SequentialToMappedOptions } from "./sequential_to_mapped.ts";
export { convertSequential } from "./sequential_to_mapped.ts";
export type { ElfCoreSummary } from "./write_elf_core.ts";
export { writeElfCore } from "./write_elf_core.ts";
export { writeLime } from "./write_lime.ts";
export type { WriteSequentialOptions } from "./write_sequential.ts";
export { writeSequential } from "./write_sequential.ts";
