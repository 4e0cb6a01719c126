import type { ByteRange } from "../bytes/byte_range.ts";
import type { MappedRamHeader } from "./mapped_ram_header.ts";

/** A RAMBlock as the file lists it. */
export interface RAMBlockHeader extends MappedRamHeader {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
  /** Guest-physical address, where `x-ignore-shared` is on. */
  readonly mrAddr?: bigint;
  /** True where `x-ignore-shared` left the block's pages out of the file. */
  readonly ignored: boolean;
  /** Where the entry itself stands in the file. */
  readonly entry: ByteRange;
}
