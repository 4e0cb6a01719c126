/**
 * The RAM section: headers of mapped-ram, fixed-ram and of each RAMBlock.
 *
 * @module
 */

export type { RamLayout } from "./fixed_ram_header.ts";
export {
  type MappedRamHeader,
  readMappedRamHeader,
  writeMappedRamHeader,
} from "./mapped_ram_header.ts";
export { encodeRamEnd } from "./ram_end.ts";
export type { RAMBlockContext } from "./ramblock_checks.ts";
export type { RAMBlockHeader } from "./ramblock_entry.ts";
export { readRAMBlockHeader, writeRAMBlockHeader } from "./ramblock_header.ts";
